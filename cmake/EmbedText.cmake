# cmake -DFILE=page.css -DNAME=outrigger::room::web::page_css -DHEADER=room/web.h -DOUT=page_css.cc -P EmbedText.cmake
#
# A text file as a C++ source: the string_view NAME, which HEADER declares. A raw literal, so that the source can be
# read and nothing in it needs escaping.
file(READ "${FILE}" text)
string(FIND "${text}" ")embedded\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${FILE} holds the end of the literal that it is put into")
endif()
file(WRITE "${OUT}" "#include \"${HEADER}\"\n\nconstinit const std::string_view ${NAME} =\n    R\"embedded(${text})embedded\";\n")

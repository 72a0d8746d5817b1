// What adopt() brings into a program that calls it, as far as the early role choice sees it.
extern "C" const char outrigger_adopted = 1;

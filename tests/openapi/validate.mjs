// Validates the OpenAPI documents whose paths are given: the published schema of their version, and
// what it cannot say (references, parameters that are declared twice, ...).
import SwaggerParser from '@apidevtools/swagger-parser';

let failures = 0;
for (const file of process.argv.slice(2)) {
  try {
    const api = await SwaggerParser.validate(file);
    console.log(`${file}: valid OpenAPI ${api.openapi}, ${Object.keys(api.paths).length} paths`);
  } catch (error) {
    console.log(`${file}: ${error.message}`);
    ++failures;
  }
}
process.exit(failures === 0 ? 0 : 1);

// Runs the Khronos validator over the files named; an error or a warning in any is a failure.
const path = require("path");
const fs = require("fs");
const validator = require(path.join(__dirname, "../../npm/node_modules/gltf-validator"));

async function main() {
  let failed = 0;
  for (const file of process.argv.slice(2)) {
    const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)));
    const { numErrors, numWarnings, messages } = report.issues;
    for (const m of messages) if (m.severity < 2) console.log(`${path.basename(file)}: ${m.code} at ${m.pointer}: ${m.message}`);
    if (numErrors + numWarnings > 0) failed++;
  }
  process.exit(failed ? 1 : 0);
}

main().catch((error) => {
  console.log(String(error));
  process.exit(1);
});

// validate_glb.js FILE…: the Khronos validator on each file; status 1 when one has an error or a warning.
const fs = require('fs');
const path = require('path');
const validator = require(path.join(__dirname, '../npm/node_modules/gltf-validator'));

(async () => {
    for (const file of process.argv.slice(2)) {
        const { issues } = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)));
        for (const m of issues.messages)
            if (m.severity < 2) console.log(`${file}: ${m.code} ${m.message} (${m.pointer})`);
        if (issues.numErrors + issues.numWarnings) process.exitCode = 1;
    }
})();

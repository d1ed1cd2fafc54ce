// check_measurements.js MEASUREMENTS.json [KEY=CM±TOLERANCE | KEY@SOURCE …]: the promises of the document: 21
// measurements, each a number inside its own range; then what the arguments say about single ones.
const fs = require('fs');
const { measurements: all } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const bad = [];
const keys = Object.keys(all);
if (keys.length !== 21) bad.push(`${keys.length} measurements, not 21`);
for (const key of keys) {
    const m = all[key];
    const ordered = 0 < m.lo_cm && m.lo_cm <= m.value_cm && m.value_cm <= m.hi_cm && m.hi_cm < 300;
    if (!ordered || !(m.sd_cm > 0)) bad.push(`${key}: ${JSON.stringify(m)}`);
    if (!['photo', 'prior', 'tape'].includes(m.source)) bad.push(`${key}: source ${m.source}`);
}
for (const word of process.argv.slice(3)) {
    const near = word.match(/^(\w+)=([\d.]+)±([\d.]+)$/);
    const from = word.match(/^(\w+)@(\w+)$/);
    if (near && !(Math.abs(all[near[1]].value_cm - near[2]) <= near[3])) bad.push(`${word}: ${all[near[1]].value_cm}`);
    if (from && all[from[1]].source !== from[2]) bad.push(`${word}: ${all[from[1]].source}`);
    if (!near && !from) bad.push(`cannot read "${word}"`);
}
for (const b of bad) console.log(b);
process.exitCode = bad.length ? 1 : 0;

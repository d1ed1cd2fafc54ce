// Loaded into s3rver before it starts. Its answer to an upload waits for the bytes to have passed through, not for the
// file they go to: on a busy machine a list made right after may miss the object, and a deletion be undone by it. Here
// the answer waits until the file is closed.
const path = require('path');
const home = path.join(__dirname, '../npm/node_modules');
const fs = require(path.join(home, 'fs-extra'));
const Store = require(path.join(home, 's3rver/lib/stores/filesystem'));

const closed = new Map();
const { createWriteStream } = fs;
fs.createWriteStream = (file, ...rest) => {
  const stream = createWriteStream(file, ...rest);
  closed.set(file, new Promise((done) => stream.once('close', done)));
  return stream;
};
const { putObject } = Store.prototype;
Store.prototype.putObject = async function (object) {
  const result = await putObject.call(this, object);
  const file = this.getResourcePath(object.bucket, object.key, 'object');
  await closed.get(file);
  closed.delete(file);
  return result;
};

// Reads a repository with tuf-js (npm), the client of sigstore and npm itself. Run by PeerClientTests: node read.js REPOSITORY ROOT TARGET WORK
const fs = require('fs');
const http = require('http');
const path = require('path');
const { Updater } = require('tuf-js');

const [repository, root, target, work] = process.argv.slice(2);
const server = http.createServer((request, response) => {
  const file = path.join(repository, decodeURIComponent(request.url));
  if (!fs.existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.end(fs.readFileSync(file));
});

server.listen(0, '127.0.0.1', async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  try {
    for (const folder of ['metadata', 'targets']) {
      fs.mkdirSync(path.join(work, folder), { recursive: true });
    }
    fs.copyFileSync(root, path.join(work, 'metadata', 'root.json'));
    const updater = new Updater({
      metadataDir: path.join(work, 'metadata'), metadataBaseUrl: `${base}/metadata`,
      targetDir: path.join(work, 'targets'), targetBaseUrl: `${base}/targets`,
      config: { fetchRetries: 0 },
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(target);
    const file = await updater.downloadTarget(info);
    process.stdout.write(fs.readFileSync(file));
  } catch (error) {
    console.error(`${error.constructor.name}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

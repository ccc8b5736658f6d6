// SPDX-License-Identifier: GPL-3.0-or-later
// Usage: node node_client.js PORT CA_FILE VERSION
// Sends standard input over TLS, writes all that comes back until the server
// ends. Fails unless the server ended with its close_notify or FIN in order.
'use strict';

const fs = require('fs');
const tls = require('tls');

const [port, ca, version] = process.argv.slice(2);
const socket = tls.connect({
  host: '127.0.0.1',
  port: Number(port),
  servername: 'localhost',
  ca: fs.readFileSync(ca),
  minVersion: version,
  maxVersion: version,
  allowHalfOpen: true,
});

socket.on('secureConnect', () => {
  if (!socket.authorized || socket.getProtocol() !== version) {
    throw new Error(`not as asked: ${socket.getProtocol()}`);
  }
  socket.write(fs.readFileSync(0));
});
socket.on('data', (data) => fs.writeSync(1, data));
socket.on('end', () => socket.end());
socket.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});

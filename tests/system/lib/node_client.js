// SPDX-License-Identifier: GPL-3.0-or-later
// Usage: node node_client.js PORT CA_FILE VERSION
//            [pem CERT_FILE KEY_FILE | pkcs12 FILE PASSWORD]
// Sends standard input over TLS, writes all that comes back until the server
// ends. Fails unless the server ended with its close_notify or FIN in order.
'use strict';

const fs = require('fs');
const tls = require('tls');

const [port, ca, version, form, file, second] = process.argv.slice(2);
const shown = {
  undefined: () => ({}),
  pem: () => ({ cert: fs.readFileSync(file), key: fs.readFileSync(second) }),
  pkcs12: () => ({ pfx: fs.readFileSync(file), passphrase: second }),
}[form]();
const socket = tls.connect({
  host: '127.0.0.1',
  port: Number(port),
  servername: 'localhost',
  ca: fs.readFileSync(ca),
  minVersion: version,
  maxVersion: version,
  allowHalfOpen: true,
  ...shown,
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

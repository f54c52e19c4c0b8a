// jsmodbus: a buffer a table, the same for all units; what lies behind its end does not exist.
"use strict";
const net = require("net");
const { server } = require("jsmodbus");
const { image } = require("./image");

const [file, where] = process.argv.slice(2);
const tables = image(file)[1];
const END = 600; // of the read-only tables: modbus_image.END

const registers = (table, size) => {
  const buffer = Buffer.alloc(2 * size);
  table.forEach((value, address) => address < size && buffer.writeUInt16BE(value, 2 * address));
  return buffer;
};
const bits = (table, size) => {
  const buffer = Buffer.alloc(Math.ceil(size / 8));
  table.forEach((on, address) => {
    if (on && address < size) buffer[address >> 3] |= 1 << address % 8;
  });
  return buffer;
};

const listening = new net.Server();
new server.TCP(listening, {
  coils: bits(tables.coil, 65536),
  discrete: bits(tables.discrete, 3000),
  holding: registers(tables.holding, 65536),
  input: registers(tables.input, END),
});
listening.listen(Number(where.slice("tcp:".length)), "127.0.0.1");

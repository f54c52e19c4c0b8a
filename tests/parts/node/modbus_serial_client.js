// modbus-serial as a master: makes the reads it is given as JSON on its standard input, and prints
// the answers in that order. node modbus_serial_client.js tcp:PORT | rtu:PATH:BAUDRATE
"use strict";
const fs = require("fs");
const Modbus = require("modbus-serial");

const [wire, port, baudRate] = process.argv[2].split(":");
const READ = {
  coil: "readCoils",
  discrete: "readDiscreteInputs",
  holding: "readHoldingRegisters",
  input: "readInputRegisters",
};

async function main() {
  const client = new Modbus();
  if (wire === "tcp") await client.connectTCP("127.0.0.1", { port: Number(port) });
  else await client.connectRTUBuffered(port, { baudRate: Number(baudRate) });
  client.setTimeout(1000);
  const said = [];
  for (const { unit, table, address, count } of JSON.parse(fs.readFileSync(0, "utf8"))) {
    client.setID(unit);
    const { data } = await client[READ[table]](address, count);
    said.push(data.slice(0, count).map(Number));
  }
  process.stdout.write(JSON.stringify(said));
  client.close(() => {});
}

main().catch((error) => {
  process.stderr.write(`${error.message || JSON.stringify(error)}\n`);
  process.exit(1);
});

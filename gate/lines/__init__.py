"""Lines to devices: serial, TCP, Modbus and MQTT behind small interfaces; `opening.open_line` takes an address."""

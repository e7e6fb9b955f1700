using System.Runtime.CompilerServices;

// What is one assembly on the host is two on the device, of which this is the one that the other is built on.
[assembly: InternalsVisibleTo("EdgeSensors.Firmware")]

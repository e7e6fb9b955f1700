using System.Net;
using System.Net.Sockets;
using EdgeSensors.Metering.Collect;

namespace EdgeSensors.FieldTest.Exports;

/// <summary>Sends a plan's datagrams to a collector, each exporter's from a socket of its own, at a pace.</summary>
/// <param name="to">The collector.</param>
/// <param name="time">The clock.</param>
internal sealed class ExportReplayer(IPEndPoint to, TimeProvider time) : IDisposable
{
    private readonly Dictionary<ExporterEndpoint, Socket> _sockets = [];

    /// <summary>Datagrams sent in all.</summary>
    public long SentCount { get; private set; }

    /// <summary>Sends all.</summary>
    /// <param name="plan">What.</param>
    /// <param name="speed">Times the capture's own pace; 0 for as fast as the socket takes them.</param>
    /// <param name="perSecond">Most datagrams a second; 0 for no bound.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Datagrams sent.</returns>
    public long Send(ExportPlan plan, double speed, double perSecond, CancellationToken stop)
    {
        if (plan.Sent.Count == 0)
        {
            return 0;
        }

        var began = time.GetTimestamp();
        var firstNs = plan.Sent.Min(datagram => datagram.AtNs);
        long count = 0;
        foreach (var datagram in plan.Sent)
        {
            var due = TimeSpan.Zero;
            if (speed > 0)
            {
                due = TimeSpan.FromTicks((long)((datagram.AtNs - firstNs) / speed / 100));
            }

            if (perSecond > 0)
            {
                due = TimeSpan.FromSeconds(Math.Max(due.TotalSeconds, count / perSecond));
            }

            if (due - time.GetElapsedTime(began) is { Ticks: > 0 } left && stop.WaitHandle.WaitOne(left))
            {
                return count;
            }

            stop.ThrowIfCancellationRequested();
            SocketOf(datagram.From).Send(datagram.Payload);
            count++;
            SentCount++;
        }

        return count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var socket in _sockets.Values)
        {
            socket.Dispose();
        }
    }

    private Socket SocketOf(ExporterEndpoint exporter)
    {
        if (!_sockets.TryGetValue(exporter, out var socket))
        {
            _sockets[exporter] = socket = new Socket(to.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(to);
        }

        return socket;
    }
}

using System.Net.Sockets;
using EdgeSensors.EdgeAgent.Enforce.Bgp.Api;
using EdgeSensors.Protocol;
using Grpc.Core;
using Grpc.Net.Client;
using Path = EdgeSensors.EdgeAgent.Enforce.Bgp.Api.Path;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>
/// A sensor's routes in the table of a <c>gobgpd</c>, by gRPC: reads, announces and withdraws its own and no other. Every call is bounded in time and in what
/// it reads; a failed one throws <see cref="RpcException"/>.
/// </summary>
internal sealed class GobgpClient : IDisposable
{
    private const int MaxRoutes = 100_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly BgpSettings _settings;
    private readonly SensorName _sensor;
    private readonly GrpcChannel _channel;
    private readonly GobgpApi.GobgpApiClient _daemon;

    /// <summary>Connects at the first call.</summary>
    /// <param name="settings">Where the daemon is, and the next hops of blackholes.</param>
    /// <param name="sensor">Whose routes.</param>
    public GobgpClient(BgpSettings settings, SensorName sensor)
    {
        (_settings, _sensor) = (settings, sensor);
        var api = settings.Api!;
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectTimeout = s_patience };
        if (api.Scheme == "unix")
        {
            handler.ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(api.AbsolutePath), cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        var address = api.Scheme == "unix" ? new Uri("http://localhost") : api;
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = 1 << 20 });
        _daemon = new GobgpApi.GobgpApiClient(_channel);
    }

    /// <summary>One line for a person on a call that failed.</summary>
    public static string Explain(RpcException failure, BgpSettings settings) => failure.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded
        ? $"gobgpd does not answer at {settings.Api}; start it (systemctl start gobgpd) or correct bgp.api"
        : $"gobgpd refused: {string.Concat(failure.Status.Detail.Take(200).Select(c => char.IsControl(c) ? ' ' : c))}";

    /// <summary>All routes of ours in the daemon's table, with what each lets pass in octets/s.</summary>
    /// <param name="blackholes">Where to look for blackholes: null for everywhere, which in a full table takes its time.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<Dictionary<BgpRoute, float>> ReadAsync(IReadOnlyCollection<Prefix>? blackholes, CancellationToken cancellationToken)
    {
        var mark = await MarkAsync(cancellationToken).ConfigureAwait(false);
        var found = new Dictionary<BgpRoute, float>();
        foreach (var family in BgpPath.Families)
        {
            var request = new ListPathRequest { Family = family };
            if (BgpPath.IsUnicast(family) && blackholes is not null)
            {
                request.Prefixes.AddRange(blackholes.Where(prefix => prefix.IsIPv4 == BgpPath.IsIPv4(family)).Select(prefix => new TableLookupPrefix { Prefix = prefix.ToString() }));
                if (request.Prefixes.Count == 0)
                {
                    continue;
                }
            }

            using var call = _daemon.ListPath(request, deadline: Deadline(6), cancellationToken: cancellationToken);
            while (await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
            {
                foreach (var path in call.ResponseStream.Current.Destination?.Paths ?? [])
                {
                    if (found.Count < MaxRoutes && BgpPath.TryRead(path, mark, out var route, out var rate))
                    {
                        found[route] = rate;
                    }
                }
            }
        }

        return found;
    }

    /// <summary>Announces a route, or changes what it lets pass.</summary>
    public async Task AnnounceAsync(BgpRoute route, float rate, CancellationToken cancellationToken)
    {
        var mark = await MarkAsync(cancellationToken).ConfigureAwait(false);
        await _daemon.AddPathAsync(new AddPathRequest { Path = PathOf(route, rate, mark) }, deadline: Deadline(), cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Withdraws routes.</summary>
    public async Task WithdrawAsync(IEnumerable<BgpRoute> routes, CancellationToken cancellationToken)
    {
        var mark = await MarkAsync(cancellationToken).ConfigureAwait(false);
        foreach (var route in routes)
        {
            var request = new DeletePathRequest { Family = BgpPath.FamilyOf(route), Path = PathOf(route, 0, mark) };
            await _daemon.DeletePathAsync(request, deadline: Deadline(), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Withdraws everything of ours.</summary>
    /// <returns>How many routes there were.</returns>
    public async Task<int> WithdrawAllAsync(CancellationToken cancellationToken)
    {
        var found = await ReadAsync(blackholes: null, cancellationToken).ConfigureAwait(false);
        await WithdrawAsync(found.Keys, cancellationToken).ConfigureAwait(false);
        return found.Count;
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    private static DateTime Deadline(int patience = 1) => DateTime.UtcNow + (s_patience * patience);

    private Path PathOf(BgpRoute route, float rate, LargeCommunity mark) =>
        BgpPath.Of(route, rate, route.Kind == BgpRouteKind.Blackhole ? _settings.BlackholeNextHop(route.Match.IsIPv4) : null, mark);

    /// <summary>Asked each time: a daemon that was started again may be of another AS.</summary>
    private async Task<LargeCommunity> MarkAsync(CancellationToken cancellationToken)
    {
        var answer = await _daemon.GetBgpAsync(new GetBgpRequest(), deadline: Deadline(), cancellationToken: cancellationToken).ConfigureAwait(false);
        return answer.Global?.Asn is > 0 and var asn ? BgpMark.Of(asn, _sensor) : throw new RpcException(new Status(StatusCode.FailedPrecondition, "it has no AS number; give it its [global.config]"));
    }
}

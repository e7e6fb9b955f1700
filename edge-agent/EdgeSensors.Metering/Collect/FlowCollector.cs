using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Collect.Ipfix;
using EdgeSensors.Metering.Collect.NetFlow;
using EdgeSensors.Metering.Collect.Sflow;
using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Collect;

/// <summary>
/// Takes routers' flow exports in: IPFIX, NetFlow v5 and v9, sFlow v5, told apart by their first octets. Total: any octets give a <see cref="CollectStatus"/>, nothing is
/// thrown, memory stays within <see cref="CollectorOptions"/>, and a record costs no allocation. Packet headers inside exports are blanked beyond their headers in the
/// caller's buffer. Not thread-safe: one collector a socket.
/// </summary>
public sealed class FlowCollector
{
    private readonly CollectorOptions _options;
    private readonly ExporterTable _exporters;
    private readonly TemplateStore _templates;
    private readonly HeldSets _held;
    private readonly IpfixDecoder _ipfix;
    private readonly NetFlow9Decoder _netFlow9;
    private readonly NetFlow5Decoder _netFlow5;
    private readonly SflowDecoder _sflow;

    /// <summary>Makes a collector.</summary>
    /// <param name="options">Its bounds.</param>
    /// <param name="consumer">Takes the flows.</param>
    public FlowCollector(CollectorOptions options, IExportedFlowConsumer consumer)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(consumer);
        _options = options;
        _templates = new TemplateStore(options, Totals);
        _held = new HeldSets(options, Totals);
        _exporters = new ExporterTable(options, Totals, _templates, _held);
        var sink = new FlowSink(options, Totals, _exporters, consumer);
        var data = new DataSetReader(Totals, _templates, _held, _exporters, sink);
        var templateSets = new TemplateSetReader(Totals, _templates, data);
        _ipfix = new IpfixDecoder(Totals, _exporters, templateSets, data);
        _netFlow9 = new NetFlow9Decoder(Totals, _exporters, templateSets, data);
        _netFlow5 = new NetFlow5Decoder(_exporters, sink);
        _sflow = new SflowDecoder(Totals, _exporters, sink);
    }

    /// <summary>All that was seen.</summary>
    public CollectorTotals Totals { get; } = new();

    /// <summary>Exporter sessions × observation domains known.</summary>
    public int DomainCount => _exporters.Count;

    /// <summary>Templates known.</summary>
    public int TemplateCount => _templates.Count;

    /// <summary>Field specifiers of all templates known.</summary>
    public long TemplateFieldCount => _templates.FieldCount;

    /// <summary>Octets of data sets that wait for their template, overhead included.</summary>
    public long HeldOctets => _held.Octets;

    /// <summary>Reads one datagram.</summary>
    /// <param name="from">Who sent it.</param>
    /// <param name="receivedNs">When it arrived, nanoseconds since the Unix epoch.</param>
    /// <param name="datagram">The UDP payload; packet sections in it are blanked beyond their headers.</param>
    public CollectStatus Add(ExporterEndpoint from, long receivedNs, Span<byte> datagram) => Add(from, receivedNs, datagram, isStream: false);

    /// <summary>Reads one IPFIX message of a TCP or TLS connection (RFC 7011 §10.4), where template withdrawals count.</summary>
    /// <param name="from">The connection's other end.</param>
    /// <param name="receivedNs">When it arrived, nanoseconds since the Unix epoch.</param>
    /// <param name="message">Exactly one message, as its length field says; blanked as in <see cref="Add(ExporterEndpoint, long, Span{byte})"/>.</param>
    public CollectStatus AddMessage(ExporterEndpoint from, long receivedNs, Span<byte> message) => Add(from, receivedNs, message, isStream: true);

    /// <summary>A TCP or TLS session is over: its templates and its numbering hold no longer (RFC 7011 §8.4); what it counted stays.</summary>
    /// <param name="from">The connection's other end.</param>
    public void EndSession(ExporterEndpoint from)
    {
        foreach (var domain in _exporters.All.Where(domain => domain.Key.Exporter == from))
        {
            _held.DropAll(domain);
            _templates.RemoveAll(domain);
            domain.Sequence.Forget();
        }
    }

    /// <summary>How each exporter is doing.</summary>
    /// <param name="nowNs">Nanoseconds since the Unix epoch.</param>
    public IReadOnlyList<ExporterReport> Reports(long nowNs) => [.. _exporters.All.Select(domain => domain.Report(nowNs))];

    internal IEnumerable<ExporterDomain> Domains => _exporters.All;

    internal ExporterDomain Domain(DomainKey key, long nowNs) => _exporters.Get(key, nowNs);

    internal void PutTemplate(ExporterDomain domain, RecordTemplate template, long nowNs) => _templates.Put(domain, template, nowNs);

    private CollectStatus Add(ExporterEndpoint from, long receivedNs, Span<byte> datagram, bool isStream)
    {
        Totals.DatagramCount++;
        Totals.DatagramOctetCount += datagram.Length;
        if (_options.Accepts is { } accepts && !accepts(from.Address))
            return Totals.Add(CollectStatus.NotAccepted);
        if (datagram.Length < 4)
            return Totals.Add(CollectStatus.HeaderTruncated);
        _held.Expire(receivedNs);
        return Totals.Add(BinaryPrimitives.ReadUInt16BigEndian(datagram) switch
        {
            10 => _ipfix.Read(from, receivedNs, isStream, datagram),
            _ when isStream => CollectStatus.UnknownVersion,
            9 => _netFlow9.Read(from, receivedNs, datagram),
            5 => _netFlow5.Read(from, receivedNs, datagram),
            0 when BinaryPrimitives.ReadUInt32BigEndian(datagram) == 5 => _sflow.Read(from, receivedNs, datagram),
            _ => CollectStatus.UnknownVersion,
        });
    }
}

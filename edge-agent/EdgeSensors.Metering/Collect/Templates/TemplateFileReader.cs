using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>Reads the template file's octets. Total: any octets give domains or false, and a count is believed only as far as octets follow.</summary>
internal ref struct TemplateFileReader
{
    private ReadOnlySpan<byte> _rest;
    private bool _isCut;

    public static bool TryRead(ReadOnlySpan<byte> body, out List<SavedDomain> domains)
    {
        var reader = new TemplateFileReader { _rest = body };
        domains = [];
        for (var count = reader.U32(); count > 0; count--)
        {
            if (reader.Domain() is not { } domain)
                return false;
            domains.Add(domain);
        }

        return !reader._isCut && reader._rest.IsEmpty;
    }

    private SavedDomain? Domain()
    {
        var exporter = new ExporterEndpoint(Address(), U16());
        var format = (ExportFormat)U8();
        var key = new DomainKey(exporter, format, U32(), Address());
        var given = U8();
        var (expected, uptime) = (U32(), U32());
        var (newest, last, init) = ((long)U64(), (long)U64(), (long)U64());
        if (format is not (ExportFormat.Ipfix or ExportFormat.NetFlow9))
            return null;
        var samplers = new List<KeyValuePair<(SamplerScope Scope, ulong Id), SamplingRate>>();
        for (var count = U32(); count > 0; count--)
        {
            var (scope, id, oneIn, source) = ((SamplerScope)U8(), U64(), BitConverter.UInt64BitsToDouble(U64()), (SamplingSource)U8());
            if (_isCut || !Enum.IsDefined(scope) || !Enum.IsDefined(source))
                return null;
            samplers.Add(KeyValuePair.Create((scope, id), SamplingRate.Stated(oneIn, source)));
        }

        var templates = new List<RecordTemplate>();
        for (var count = U32(); count > 0; count--)
        {
            if (Template() is not { } template)
                return null;
            templates.Add(template);
        }

        return _isCut
            ? null
            : new SavedDomain(
                key, (given & 1) != 0 ? expected : null, (given & 2) != 0 ? uptime : null, newest, last, (given & 4) != 0 ? init : null, samplers, templates);
    }

    private RecordTemplate? Template()
    {
        var (id, options, scopes, count) = (U16(), U8(), U16(), U16());
        if (_isCut || count > TemplateSetReader.MaxFields)
            return null;
        Span<FieldSpecifier> fields = new FieldSpecifier[count];
        foreach (ref var field in fields)
            field = new FieldSpecifier(U32(), U16(), U16());
        return _isCut ? null : RecordTemplate.Create(id, options != 0, scopes, fields);
    }

    private HostAddress Address() => new(U64(), U64());

    private byte U8() => Take(1) is [var value] ? value : (byte)0;

    private ushort U16() => Take(2) is { IsEmpty: false } octets ? BinaryPrimitives.ReadUInt16BigEndian(octets) : (ushort)0;

    private uint U32() => Take(4) is { IsEmpty: false } octets ? BinaryPrimitives.ReadUInt32BigEndian(octets) : 0;

    private ulong U64() => Take(8) is { IsEmpty: false } octets ? BinaryPrimitives.ReadUInt64BigEndian(octets) : 0;

    /// <summary>The next octets, or none once the end is reached.</summary>
    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
        {
            _isCut = true;
            _rest = default;
            return default;
        }

        var octets = _rest[..count];
        _rest = _rest[count..];
        return octets;
    }
}

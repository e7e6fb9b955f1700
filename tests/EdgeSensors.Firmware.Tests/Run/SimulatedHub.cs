using System.Security.Cryptography;
using System.Text;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Tests;

namespace EdgeSensors.Firmware.Tests.Run;

/// <summary>The hub as a tap sees it, over a repository that the hub's own library publishes: notices, chunks, acknowledgements.</summary>
internal sealed class SimulatedHub(Foundation foundation) : IHubLink
{
    private readonly Queue<(HubTopic Topic, byte[] Payload)> _toTap = [];

    /// <summary>Whether the hub can be reached.</summary>
    public bool IsReachable { get; set; } = true;

    /// <summary>Whether it acknowledges.</summary>
    public bool Acknowledges { get; set; } = true;

    /// <summary>Changes what a file is on its way; by the name in the repository.</summary>
    public Func<string, byte[], byte[]>? Tamper { get; set; }

    /// <summary>Proofs that files were logged and witnessed, by their names in the repository.</summary>
    public Dictionary<string, byte[]> Proofs { get; } = [];

    /// <summary>What was committed, each number once.</summary>
    public SortedDictionary<ulong, (HubTopic Topic, byte[] Payload)> Committed { get; } = [];

    /// <summary>Messages that came, duplicates too.</summary>
    public int Arrived { get; private set; }

    public ulong Epoch { get; private set; }

    public int Fetches { get; private set; }

    public bool IsConnected { get; private set; }

    public bool IsConnecting => false;

    public IEnumerable<T> Messages<T>(HubTopic topic, Func<byte[], T> decode) => Committed.Values.Where(m => m.Topic == topic).Select(m => decode(m.Payload));

    public IReadOnlyList<ReportMessage> Reports => [.. Messages(HubTopic.Report, p =>
    {
        Assert.True(ReportCodec.TryDecode(p, out ReportMessage? m, out ProtocolError error), error.ToString());
        return m!;
    })];

    public IReadOnlyList<StatusMessage> Statuses => [.. Messages(HubTopic.Status, p =>
    {
        Assert.True(StatusCodec.TryDecode(p, out StatusMessage? m, out ProtocolError error), error.ToString());
        return m!;
    })];

    public IReadOnlyList<AlertMessage> Alerts => [.. Messages(HubTopic.Alert, p =>
    {
        Assert.True(AlertCodec.TryDecode(p, out AlertMessage? m, out ProtocolError error), error.ToString());
        return m!;
    })];

    public IReadOnlyList<ReceiptMessage> Receipts => [.. Messages(HubTopic.Receipt, p =>
    {
        Assert.True(ReceiptCodec.TryDecode(p, out ReceiptMessage? m, out ProtocolError error), error.ToString());
        return m!;
    })];

    public void BeginConnect()
    {
        IsConnected = IsReachable;
        if (IsConnected)
        {
            Announce();
        }
    }

    public void Disconnect()
    {
        IsConnected = false;
        _toTap.Clear();
    }

    /// <summary>Publishes the notice, as the hub does after each publication.</summary>
    public void Announce() => _toTap.Enqueue((HubTopic.Timestamp, Tampered("timestamp.json", File.ReadAllBytes(Path.Combine(foundation.Repository.MetadataDirectory, "timestamp.json")))));

    public bool TryPublish(HubTopic topic, byte[] payload, int length)
    {
        byte[] octets = payload[..length];
        if (topic == HubTopic.Fetch)
        {
            Fetches++;
            Assert.True(FetchCodec.TryDecode(octets, out FetchMessage? request, out ProtocolError error), error.ToString());
            byte[] file = Find(request!.Sha256.ToArray()) ?? [];
            int count = (int)Math.Clamp(file.Length - request.Offset, 0, request.Length);
            _toTap.Enqueue((HubTopic.Chunk, FetchCodec.Encode(new ChunkMessage(request.Sha256, request.Offset, (uint)file.Length, file.AsMemory((int)Math.Min(request.Offset, file.Length), count)))));
            return true;
        }

        Arrived++;
        MessageId id = topic switch
        {
            HubTopic.Report => ReportCodec.TryDecode(octets, out ReportMessage? m, out _) ? m!.Id : default,
            HubTopic.Status => StatusCodec.TryDecode(octets, out StatusMessage? m, out _) ? m!.Id : default,
            HubTopic.Alert => AlertCodec.TryDecode(octets, out AlertMessage? m, out _) ? m!.Id : default,
            _ => ReceiptCodec.TryDecode(octets, out ReceiptMessage? m, out _) ? m!.Id : default,
        };
        Assert.NotEqual(0UL, id.Sequence);
        Epoch = id.Epoch;
        if (!Committed.TryAdd(id.Sequence, (topic, octets)))
        {
            Assert.Equal(Convert.ToHexString(Committed[id.Sequence].Payload), Convert.ToHexString(octets)); // a number is one message for ever
        }

        if (Acknowledges)
        {
            ulong upTo = 0;
            while (Committed.ContainsKey(upTo + 1))
            {
                upTo++;
            }

            _toTap.Enqueue((HubTopic.Ack, AckCodec.Encode(new AckMessage(new MessageId(id.Epoch, upTo)))));
        }

        return true;
    }

    public bool TryReceive(out HubTopic topic, out byte[] payload)
    {
        bool some = _toTap.TryDequeue(out (HubTopic Topic, byte[] Payload) message);
        topic = message.Topic;
        payload = message.Payload ?? [];
        return some;
    }

    private byte[]? Find(byte[] hash)
    {
        foreach (string path in Directory.EnumerateFiles(foundation.Repository.TargetsDirectory, Convert.ToHexStringLower(hash) + ".*", SearchOption.AllDirectories))
        {
            string name = Path.GetFileName(path);
            return Tampered(name[(name.IndexOf('.') + 1)..], File.ReadAllBytes(path));
        }

        IEnumerable<string> metadata = Directory.EnumerateFiles(foundation.Repository.MetadataDirectory).Select(p => Path.GetFileName(p)!);
        string? wanted = metadata.Concat(Proofs.Keys).FirstOrDefault(n => SHA256.HashData(Encoding.ASCII.GetBytes(n)).AsSpan().SequenceEqual(hash));
        return wanted is null ? null : Tampered(wanted, Proofs.GetValueOrDefault(wanted) ?? File.ReadAllBytes(Path.Combine(foundation.Repository.MetadataDirectory, wanted)));
    }

    private byte[] Tampered(string name, byte[] file) => Tamper is null ? file : Tamper(name, file);
}

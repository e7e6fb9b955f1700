using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Detect;

/// <summary>One attempt that waits to be judged.</summary>
internal struct PendingAttempt
{
    public FlowKey Key;
    public HostAddress Source;
    public HostAddress Destination;
    public long TimestampNs;
    public ushort Port;
}

/// <summary>Attempts in the order in which they were made; a fixed number, and one too many is not followed, which is counted.</summary>
internal sealed class AttemptQueue(int capacity)
{
    private readonly PendingAttempt[] _ring = new PendingAttempt[capacity];
    private int _first;
    private int _count;

    /// <summary>Attempts that found no room.</summary>
    public long OverflowCount { get; private set; }

    public bool IsEmpty => _count == 0;

    public ref readonly PendingAttempt First => ref _ring[_first];

    public void Add(in PendingAttempt attempt)
    {
        if (_count == _ring.Length)
        {
            OverflowCount++;
            return;
        }

        _ring[(_first + _count++) & (_ring.Length - 1)] = attempt;
    }

    public void RemoveFirst()
    {
        _first = (_first + 1) & (_ring.Length - 1);
        _count--;
    }
}

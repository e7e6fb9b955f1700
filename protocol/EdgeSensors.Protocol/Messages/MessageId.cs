namespace EdgeSensors.Protocol;

/// <summary>What makes a sensor's message unique for ever: the outbox it lay in and its place there.</summary>
/// <param name="Epoch">Random, new with each outbox file.</param>
/// <param name="Sequence">1 for an epoch's first message, then one more for each.</param>
public readonly record struct MessageId(ulong Epoch, ulong Sequence)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Epoch:x16}:{Sequence}";
}

namespace EdgeSensors.FieldTest.Taps;

/// <summary>Alters updates on their way to a tap, each time otherwise.</summary>
/// <param name="kind">Which files; null for any.</param>
/// <param name="ways">How, one after the other: <c>flip</c>, <c>cut</c>, <c>grow</c>, <c>swap</c>, <c>old</c>, <c>empty</c>.</param>
/// <param name="repository">Where older and other files come from.</param>
/// <param name="random">Chooses the place.</param>
internal sealed class Tampering(RepositoryFileKind? kind, IReadOnlyList<string> ways, EmulatedRepository repository, Random random)
{
    private readonly Dictionary<RepositoryFileKind, byte[]> _last = [];
    private int _next;

    /// <summary>The file as it comes; the same as last time while it is being fetched in parts.</summary>
    public byte[] Alter(RepositoryFile file, bool isFirstPart)
    {
        if (kind is { } wanted && file.Kind != wanted)
        {
            return file.Octets;
        }

        if (!isFirstPart && _last.TryGetValue(file.Kind, out var same))
        {
            return same;
        }

        return _last[file.Kind] = Change(file);
    }

    private byte[] Change(RepositoryFile file)
    {
        var octets = file.Octets;
        switch (ways[_next++ % ways.Count])
        {
            case "flip":
                byte[] flipped = [.. octets];
                flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
            case "cut":
                return octets[..random.Next(octets.Length)];
            case "grow":
                return [.. octets, (byte)random.Next(256)];
            case "swap":
                return repository.Timestamp.AsSpan().SequenceEqual(octets) ? repository.Root : repository.Timestamp;
            case "old":
                return repository.First(file.Kind) ?? octets[..^1];
            default:
                return [];
        }
    }
}

using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EdgeSensors.Trust.Log;

/// <summary>A tile of hashes or a bundle of entries, as its path names it (C2SP tlog-tiles).</summary>
/// <param name="Level">The level of a tile of hashes; null for a bundle of entries.</param>
/// <param name="Index">The tile's index within its level.</param>
/// <param name="Width">Hashes or entries in it: 256 when it is full.</param>
public readonly record struct LogTile(int? Level, long Index, int Width)
{
    /// <summary>Hashes or entries of a full tile.</summary>
    public const int FullWidth = 256;

    /// <summary>The most octets of an entry in a bundle.</summary>
    public const int MaxEntryOctets = ushort.MaxValue;

    /// <summary>The bundle that holds an entry of a tree.</summary>
    public static LogTile BundleOf(long entry, long size) =>
        new(null, entry / FullWidth, (int)Math.Min(FullWidth, size - entry / FullWidth * FullWidth));

    /// <summary>Reads what follows <c>tile/</c> in a path: <c>0/x001/067.p/12</c> or <c>entries/000</c>.</summary>
    public static bool TryParse(string path, out LogTile tile)
    {
        ArgumentNullException.ThrowIfNull(path);
        tile = default;
        if (path.Length > 80 || path.Split('/') is not { Length: >= 2 } parts)
        {
            return false;
        }

        int? level = null;
        if (parts[0] != "entries")
        {
            if (!TryNumber(parts[0], 63, out var number))
            {
                return false;
            }

            level = number;
        }

        var width = FullWidth;
        var last = parts.Length - 1;
        if (parts[last - 1].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!TryNumber(parts[last], FullWidth - 1, out width) || width == 0)
            {
                return false;
            }

            last--;
            parts[last] = parts[last][..^2];
        }

        var index = 0L;
        for (var i = 1; i <= last; i++)
        {
            // Groups of three digits; all but the last begin with an x. Five of them are more than any log has.
            var digits = i < last ? parts[i].StartsWith('x') ? parts[i][1..] : "" : parts[i];
            if (last > 5 || digits.Length != 3 || digits.Any(c => !char.IsAsciiDigit(c)) || (i == 1 && last > 1 && digits == "000"))
            {
                return false;
            }

            index = index * 1000 + int.Parse(digits, CultureInfo.InvariantCulture);
        }

        tile = new LogTile(level, index, width);
        return last >= 1;
    }

    /// <summary>The path below the log's prefix.</summary>
    public override string ToString()
    {
        var name = (Index % 1000).ToString("000", CultureInfo.InvariantCulture);
        for (var rest = Index / 1000; rest > 0; rest /= 1000)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:000}/{name}");
        }

        var kind = Level is { } level ? level.ToString(CultureInfo.InvariantCulture) : "entries";
        return Width == FullWidth ? $"tile/{kind}/{name}" : string.Create(CultureInfo.InvariantCulture, $"tile/{kind}/{name}.p/{Width}");
    }

    /// <summary>Writes a bundle: each entry behind its length in two octets.</summary>
    public static byte[] WriteBundle(IReadOnlyCollection<byte[]> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var bundle = new byte[entries.Sum(entry => 2 + entry.Length)];
        var at = 0;
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bundle.AsSpan(at), checked((ushort)entry.Length));
            entry.CopyTo(bundle, at + 2);
            at += 2 + entry.Length;
        }

        return bundle;
    }

    /// <summary>Reads a bundle of just so many entries.</summary>
    public static bool TryReadBundle(ReadOnlySpan<byte> bundle, int count, [NotNullWhen(true)] out IReadOnlyList<byte[]>? entries)
    {
        entries = null;
        var list = new List<byte[]>();
        while (bundle.Length >= 2 && list.Count < count)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle);
            if (bundle.Length < 2 + length)
            {
                return false;
            }

            list.Add(bundle.Slice(2, length).ToArray());
            bundle = bundle[(2 + length)..];
        }

        entries = list.Count == count && bundle.Length == 0 ? list : null;
        return entries is not null;
    }

    private static bool TryNumber(string text, int max, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= max && (text.Length == 1 || text[0] != '0');
}

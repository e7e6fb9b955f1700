using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Blocklists;

/// <summary>What the entries of one section have in common. Sections lie in the order of these fields.</summary>
/// <param name="Category">Why they are listed, for example <c>c2</c> or <c>scanner</c>.</param>
/// <param name="IsIPv4">Whether they are IPv4, or IPv6.</param>
/// <param name="PrefixLength">Leading bits that count: 1 to 32 or 1 to 128; the whole address for single addresses.</param>
/// <param name="NotAfter">When all of them expire, the section's cohort: they hold up to this moment, and not at it.</param>
public readonly record struct SectionKey(DocumentId Category, bool IsIPv4, int PrefixLength, UnixMilliseconds NotAfter) : IComparable<SectionKey>
{
    /// <summary>Octets of an address of the family: 4 or 16.</summary>
    public int AddressLength => IsIPv4 ? 4 : 16;

    /// <inheritdoc/>
    public int CompareTo(SectionKey other)
    {
        var order = string.CompareOrdinal(Category.Text, other.Category.Text);
        order = order != 0 ? order : other.IsIPv4.CompareTo(IsIPv4);
        order = order != 0 ? order : PrefixLength.CompareTo(other.PrefixLength);
        return order != 0 ? order : NotAfter.CompareTo(other.NotAfter);
    }

    /// <summary>Whether one lies before another.</summary>
    public static bool operator <(SectionKey a, SectionKey b) => a.CompareTo(b) < 0;

    /// <summary>Whether one lies after another.</summary>
    public static bool operator >(SectionKey a, SectionKey b) => a.CompareTo(b) > 0;

    /// <summary>Whether one does not lie after another.</summary>
    public static bool operator <=(SectionKey a, SectionKey b) => a.CompareTo(b) <= 0;

    /// <summary>Whether one does not lie before another.</summary>
    public static bool operator >=(SectionKey a, SectionKey b) => a.CompareTo(b) >= 0;
}

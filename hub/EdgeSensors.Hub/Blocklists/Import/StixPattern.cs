using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>
/// The patterns (STIX 2.1 §9) that are lists of addresses: comparisons of <c>ipv4-addr:value</c> and <c>ipv6-addr:value</c>, and of the ends of a <c>network-traffic</c>, by <c>=</c>, <c>IN</c> and <c>ISSUBSET</c>, joined by
/// <c>OR</c>, within observations joined by <c>OR</c>. Every other pattern asks for more than an address, and to list its addresses would be to guess.
/// </summary>
internal ref struct StixPattern
{
    private const int MaxLength = 65_536;
    private const int MaxAddresses = 4_096;

    private readonly ReadOnlySpan<char> _text;
    private readonly List<string> _addresses;
    private int _at;

    private StixPattern(ReadOnlySpan<char> text)
    {
        _text = text;
        _addresses = [];
    }

    /// <summary>Reads a pattern.</summary>
    /// <param name="pattern">Its text.</param>
    /// <param name="addresses">The addresses and prefixes that it names, as written.</param>
    public static bool TryReadAddresses(string pattern, [NotNullWhen(true)] out IReadOnlyList<string>? addresses)
    {
        var reader = new StixPattern(pattern);
        addresses = null;
        if (pattern.Length > MaxLength || !reader.ReadObservations())
        {
            return false;
        }

        addresses = reader._addresses;
        return true;
    }

    private bool ReadObservations()
    {
        do
        {
            if (!Take('[') || !ReadComparisons(0) || !Take(']'))
            {
                return false;
            }
        }
        while (TakeWord("OR"));
        SkipSpace();
        return _at == _text.Length;
    }

    private bool ReadComparisons(int depth)
    {
        do
        {
            if (Take('('))
            {
                if (depth == 16 || !ReadComparisons(depth + 1) || !Take(')'))
                {
                    return false;
                }
            }
            else if (!ReadComparison())
            {
                return false;
            }
        }
        while (TakeWord("OR"));
        return true;
    }

    private bool ReadComparison()
    {
        SkipSpace();
        var path = TakeWhile(letter => char.IsAsciiLetterOrDigit(letter) || letter is ':' or '-' or '_' or '.');
        if (path is not ("ipv4-addr:value" or "ipv6-addr:value" or "network-traffic:src_ref.value" or "network-traffic:dst_ref.value"))
        {
            return false;
        }

        if (TakeWord("IN"))
        {
            if (!Take('('))
            {
                return false;
            }

            do
            {
                if (!ReadValue())
                {
                    return false;
                }
            }
            while (Take(','));
            return Take(')');
        }

        return TakeWord("ISSUBSET") ? ReadValue() : Take('=') && (Take('=') | true) && ReadValue();
    }

    private bool ReadValue()
    {
        if (!Take('\'') || _addresses.Count == MaxAddresses)
        {
            return false;
        }

        var value = new StringBuilder();
        while (_at < _text.Length && _text[_at] != '\'')
        {
            if (_text[_at] == '\\')
            {
                _at++;
            }

            if (_at < _text.Length)
            {
                value.Append(_text[_at++]);
            }
        }

        _addresses.Add(value.ToString());
        return _at < _text.Length && _text[_at++] == '\'';
    }

    private ReadOnlySpan<char> TakeWhile(Func<char, bool> belongs)
    {
        var start = _at;
        while (_at < _text.Length && belongs(_text[_at]))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private bool Take(char letter)
    {
        SkipSpace();
        if (_at == _text.Length || _text[_at] != letter)
        {
            return false;
        }

        _at++;
        return true;
    }

    private bool TakeWord(string word)
    {
        SkipSpace();
        if (!_text[_at..].StartsWith(word, StringComparison.Ordinal) || (_at + word.Length < _text.Length && char.IsAsciiLetterOrDigit(_text[_at + word.Length])))
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }
}

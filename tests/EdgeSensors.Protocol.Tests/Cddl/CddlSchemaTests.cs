namespace EdgeSensors.Protocol.Tests.Cddl;

/// <summary>The checker must be able to say no.</summary>
public class CddlSchemaTests
{
    private static readonly CddlSchema Schema = new("""
        thing = { 1: small, ? 2: [1*2 [a: small, rest]], (3: bstr .size 4 // 4: word), * int => any } ; a comment
        rest = (b: uint, c: uint)
        small = 0..9
        word = tstr .regexp "[a-z]+"
        """);

    [Theory]
    [InlineData("a2010503440a000001", true)]                 // {1: 5, 3: h'0a000001'}
    [InlineData("a20105046161", true)]                       // {1: 5, 4: "a"}
    [InlineData("a30105046161187801", true)]                 // and an unknown key
    [InlineData("a30105028183010203046161", true)]           // {1: 5, 2: [[1, 2, 3]], 4: "a"}
    [InlineData("a2010a046161", false)]                      // 10 is not small, and 1 is no unknown key
    [InlineData("a1046161", false)]                          // 1 is missing
    [InlineData("a10105", false)]                            // neither 3 nor 4
    [InlineData("a2010503430a0000", false)]                  // three octets
    [InlineData("a20105046141", false)]                      // "A"
    [InlineData("a301050280046161", false)]                  // an empty list
    [InlineData("a301050281820102046161", false)]            // a row too short
    [InlineData("a301050283830102038301020383010203046161", false)] // three rows
    [InlineData("80", false)]                                // an array
    public void An_item_is_judged_by_the_rule(string hex, bool fits)
    {
        string? fault;
        try
        {
            fault = Schema.Check("thing", CddlValue.Read(Convert.FromHexString(hex)));
        }
        catch (System.Formats.Cbor.CborContentException)
        {
            fault = "not CBOR";
        }

        Assert.Equal(fits, fault is null);
    }
}

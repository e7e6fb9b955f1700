using System.Text;
using EdgeSensors.Trust.Log;
using EdgeSensors.Witness.View;

namespace EdgeSensors.Witness.Tests;

/// <summary>What an overseer's page says of a preimage, whatever the hub put into it.</summary>
public sealed class EntryTextTests
{
    [Theory]
    [InlineData("""{"at":1795727853841,"who":"alice","what":"approve","subject":"m-1","detail":"1 of 1"}""", "2026-11-26 21:17:33Z alice: approve m-1: 1 of 1")]
    [InlineData("""{"at":0,"who":"a\u202eb","what":"c\nd","subject":"","detail":""}""", "1970-01-01 00:00:00Z a\uFFFDb: c\uFFFDd : ")]
    [InlineData("""{"at":9223372036854775807,"who":"a","what":"b","subject":"","detail":""}""", "")]
    [InlineData("""{"at":"x","who":"a","what":"b","subject":"","detail":""}""", "")]
    [InlineData("""{"at":1}""", "")]
    [InlineData("""["at"]""", "")]
    [InlineData("not json", "")]
    [InlineData("", "")]
    public void A_decision_is_one_line_that_hides_nothing(string json, string line) =>
        Assert.Equal(line, EntryText.Line("decision", LogEntry.Salted("audit/1", Encoding.UTF8.GetBytes(json))));

    [Fact]
    public void Any_octets_make_a_line_and_a_page()
    {
        var random = new Random(1);
        for (var i = 0; i < 2_000; i++)
        {
            var octets = new byte[random.Next(100)];
            random.NextBytes(octets);
            foreach (var kind in new[] { "metadata", "document", "decision", "" })
            {
                Assert.DoesNotContain('\n', EntryText.Line(kind, octets));
                Assert.DoesNotContain('\0', EntryText.Whole(kind, octets));
            }
        }
    }

    [Fact]
    public void A_documents_page_has_its_name_and_text_without_the_salt() =>
        Assert.Equal("control/rules.json\n{\"rules\":[]}", EntryText.Whole("document", LogEntry.Salted("control/rules.json", "{\"rules\":[]}"u8)));
}

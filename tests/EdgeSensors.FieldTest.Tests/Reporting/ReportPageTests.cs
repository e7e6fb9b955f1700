using System.Text.RegularExpressions;
using System.Xml;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Reporting.Html;

namespace EdgeSensors.FieldTest.Tests.Reporting;

public partial class ReportPageTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void Every_figure_has_its_plot_for_few_taps_and_for_many()
    {
        foreach (var taps in (int[])[1, 3, 20])
        {
            var page = ReportPage.Make(SampleRun.Make(taps, Hour, TimeSpan.FromMinutes(1)), SampleRun.Timing);
            Assert.Equal(SeriesKind.All.Select(k => k.Key), Plots().Matches(page).Select(m => m.Groups[1].Value));
            Assert.Equal(6 * (taps > Plot.MostLines ? 1 : taps), Lines().Count(page));
            Assert.Equal(taps > Plot.MostLines ? 6 : 0, Regex.Count(page, "class=\"range s0\" d=\"M"));
            Assert.Equal(6, Regex.Count(page, "class=\"fault\" d=\"M333"));
        }
    }

    [Fact]
    public void Both_languages_are_in_the_file()
    {
        var page = ReportPage.Make(SampleRun.Make(2, Hour, TimeSpan.FromMinutes(1), passes: false), SampleRun.Timing);
        foreach (var text in (string[])["FAILED", "不合格", "The hub is away for a while", "ハブがしばらく不在になる", "Run it again", "再現方法", "1 of 2 checks did not hold.", "2 項目中 1 項目が不成立です。"])
        {
            Assert.Contains(text, page, StringComparison.Ordinal);
        }

        // What is said in one language is said in the other.
        Assert.Equal(Regex.Count(page, "<span lang=\"en\">"), Regex.Count(page, "<span lang=\"ja\">"));
    }

    [Fact]
    public void The_page_says_what_a_reader_needs_to_repeat_it_and_where_to_look()
    {
        var result = SampleRun.Make(2, Hour, TimeSpan.FromMinutes(1), passes: false);
        var page = ReportPage.Make(result, SampleRun.Timing);
        foreach (var text in (string[])[result.Run.Repeat, "0.1.0+25babe1a3c", result.Run.Inputs["scan.pcap"], result.Wire[1].Sha256[..16], "queue of tap-002; logs/hub.log", "tap-002 after 94 s"])
        {
            Assert.Contains(text, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void It_needs_no_network_and_runs_no_script()
    {
        var page = ReportPage.Make(SampleRun.Make(2, Hour, TimeSpan.FromMinutes(1)), SampleRun.Timing);
        Assert.Contains("default-src 'none'; style-src 'unsafe-inline'", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)<script|<link|<img|<iframe|src=|href=|url\\(|@import|\\son\\w+=", page);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\"><img src=x onerror=alert(1)>")]
    [InlineData("' onmouseover='alert(1)")]
    [InlineData("</style></title></pre></svg><b>&amp;")]
    [InlineData("]]>--><!--")]
    [InlineData("\0\u0008\u001b[2J\u009b\u202eevil\ud800\ufffe")]
    public void Whatever_a_run_quotes_stays_text(string hostile)
    {
        var plain = ReportPage.Make(SampleRun.Make(3, Hour, TimeSpan.FromMinutes(10), words: "x"), SampleRun.Timing);
        var page = ReportPage.Make(SampleRun.Make(3, Hour, TimeSpan.FromMinutes(10), words: hostile), SampleRun.Timing);
        Assert.Equal(Tags(plain), Tags(page));
        Assert.DoesNotMatch("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\ud800\\ufffe]", page);
        Assert.True(Regex.Count(page, Regex.Escape(System.Net.WebUtility.HtmlEncode(SafeText.Clean(hostile)))) > 20);
    }

    [Fact]
    public void Two_hundred_taps_for_a_day_stay_under_two_megabytes()
    {
        var result = SampleRun.Make(200, TimeSpan.FromDays(1), TimeSpan.FromMinutes(3));
        Assert.True(ReportPage.Make(result, SampleRun.Timing).Length < 2_000_000);
        var many = result with
        {
            Happenings = [.. Enumerable.Range(0, 100_000).Select(i => new Happening(i * 864L, (HappeningKind)(i % 6), "tap-001", new string('x', 2_000)))],
            Checks = [.. Enumerable.Range(0, 10_000).Select(i => new Check("step", "expected", "seen", i > 9_000, "here"))],
        };
        var page = ReportPage.Make(many, SampleRun.Timing);
        Assert.InRange(page.Length, 0, 4_000_000);
        Assert.Contains("99,000 more are in result.json.", page, StringComparison.Ordinal);
        Assert.Contains("9,500 more are in result.json.", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_figures_happenings_or_checks_has_a_report_too()
    {
        var result = SampleRun.Make(1, Hour, Hour) with { Series = [], Happenings = [], Checks = [], Wire = [], Alerts = [], Blocks = [], Traffic = [], Lasted = TimeSpan.Zero };
        var page = ReportPage.Make(result, SampleRun.Timing);
        Assert.Contains("FAILED", page, StringComparison.Ordinal);
        Assert.Contains("nothing is proven", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_peak_of_one_sample_in_a_day_is_drawn()
    {
        var points = Enumerable.Range(0, 86_400).Select(i => new SeriesPoint(i * 1_000L, i == 50_000 ? 77 : i == 60_000 ? -3 : 1)).ToList();
        var thin = Thinning.Thin(points, 960);
        Assert.InRange(thin.Count, 480, 960);
        Assert.Contains(new SeriesPoint(50_000_000, 77), thin);
        Assert.Contains(new SeriesPoint(60_000_000, -3), thin);
        Assert.Equal(thin.OrderBy(p => p.AtMs), thin);
        var band = Band.Over([new("traffic", "a", "", points), new("traffic", "b", "", [new(0, 5)])], 86_400_000, 480);
        Assert.Equal(77, band.Max(b => b.High));
        Assert.Equal(-3, band.Min(b => b.Low));
    }

    [Fact]
    public void Without_its_doctype_and_voids_the_page_is_well_formed()
    {
        var page = ReportPage.Make(SampleRun.Make(8, Hour, TimeSpan.FromMinutes(1), words: "<&\">"), SampleRun.Timing);
        var text = Voids().Replace(page.Replace("<!doctype html>", "", StringComparison.Ordinal), "<$1$2/>");
        text = text.Replace(" checked/>", "/>", StringComparison.Ordinal).Replace("<details open>", "<details>", StringComparison.Ordinal);
        using var reader = XmlReader.Create(new StringReader(text));
        while (reader.Read())
        {
        }
    }

    private static List<string> Tags(string page) => [.. Regex.Matches(page, "<[^>]*>").Select(m => Regex.Replace(m.Value, "d=\"[^\"]*\"|data-key=\"[^\"]*\"", ""))];

    [GeneratedRegex("data-key=\"([^\"]*)\"")]
    private static partial Regex Plots();

    [GeneratedRegex("class=\"line s[0-9]\" d=\"M")]
    private static partial Regex Lines();

    [GeneratedRegex("<(meta|input)([^>]*)>")]
    private static partial Regex Voids();
}

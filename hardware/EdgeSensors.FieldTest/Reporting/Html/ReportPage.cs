using System.Globalization;
using System.Text;

namespace EdgeSensors.FieldTest.Reporting.Html;

/// <summary>
/// The report of a run: one file that opens from the disk, in English and Japanese, without a script and without a network (its own policy forbids both). Its size is bounded
/// whatever the run was: plots are thinned, long tables are cut and say what was left out; all is in <c>result.json</c>.
/// </summary>
internal static class ReportPage
{
    private const int MostHappenings = 1_000;
    private const int MostRows = 500;
    private const int FewUnits = 12;
    private const int MostUnits = 2_000;

    /// <summary>Writes the file whole or not at all; throws <see cref="IOException"/> when the disk does not take it.</summary>
    public static void Write(string path, ScenarioResult result, RunTiming timing) => WholeFile.Write(path, Encoding.UTF8.GetBytes(Make(result, timing)));

    /// <summary>The page.</summary>
    public static string Make(ScenarioResult result, RunTiming timing)
    {
        var page = new Html();
        var run = result.Run;
        page.Add($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        page.Add($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><meta name=\"color-scheme\" content=\"light dark\">");
        page.Add($"<title>{Verdict(result).En}: {run.Scenario}, seed {Digits(run.Seed)}</title><style>\n");
        page.AddOwn(StyleSheet());
        page.Add($"</style></head><body>\n<input type=\"radio\" name=\"language\" id=\"en\" checked><input type=\"radio\" name=\"language\" id=\"ja\">\n");
        page.Add($"<nav><b>EdgeSensors</b><span><label for=\"en\">English</label><label for=\"ja\">日本語</label></span></nav>\n<main>");
        Header(page, result, timing);
        Checks(page, result);
        Plots(page, result);
        Findings(page, result);
        TimeLine(page, result);
        Units(page, result);
        Proof(page, result);
        page.Add($"</main></body></html>\n");
        return page.ToString();
    }

    private static void Header(Html page, ScenarioResult result, RunTiming timing)
    {
        var run = result.Run;
        var failed = result.Checks.Count(c => !c.Held);
        page.Add($"<header class=\"{(result.Passed ? "passed" : "failed")}\"><p class=\"verdict\">{(result.Passed ? "✓" : "✗")} ");
        page.Both(Verdict(result));
        page.Add($"</p><h1>");
        page.Both(run.Title);
        page.Add($"</h1><p class=\"sum\">");
        if (result.Checks.Count == 0)
        {
            page.Both("Nothing was checked, so nothing is proven.", "検証項目がないため、何も証明されていません。");
        }
        else if (failed > 0)
        {
            page.Both($"{failed} of {result.Checks.Count} checks did not hold.", $"{result.Checks.Count} 項目中 {failed} 項目が不成立です。");
        }
        else
        {
            page.Both($"All {result.Checks.Count} checks held.", $"{result.Checks.Count} 項目すべてが成立しました。");
        }

        page.Add($"</p></header>\n<dl class=\"facts\">");
        Fact(page, "scenario", "シナリオ", run.Scenario);
        Fact(page, "seed", "シード", Digits(run.Seed));
        Fact(page, "world", "実行環境", WorldWords(result));
        Fact(page, "began", "開始", run.Start.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC");
        Fact(page, "lasted", "長さ", Duration(result.Lasted));
        Fact(page, "took on the machine, with all preparation", "準備を含む実所要時間", $"{Duration(timing.Took)}, CPU {Duration(timing.Processor)}, {timing.PeakMemory / 1_000_000:N0} MB");
        if (run.Units.Count > 0)
        {
            Fact(page, "taps and gateways", "タップとゲートウェイ", run.Units.Count <= 3 ? string.Join(", ", run.Units) : FormattableString.Invariant($"{run.Units.Count:N0}"));
        }

        foreach (var fact in run.Facts.Take(MostRows))
        {
            Fact(page, fact.Key.Replace('_', ' '), fact.Key.Replace('_', ' '), fact.Words);
        }

        page.Add($"</dl>\n");
    }

    private static void Checks(Html page, ScenarioResult result)
    {
        Heading(page, "Checks", "検証項目");
        page.Add($"<div class=\"wide\"><table class=\"checks\"><thead><tr><th></th>");
        Columns(page, ("step", "手順"), ("expected", "期待"), ("seen", "結果"), ("where to look", "確認箇所"));
        var shown = result.Checks.OrderBy(c => c.Held).Take(MostRows).ToList();
        foreach (var check in shown)
        {
            page.Add($"<tr class=\"{(check.Held ? "held" : "broken")}\"><td>");
            page.Both(check.Held ? new("✓ held", "✓ 成立") : new("✗ failed", "✗ 不成立"));
            page.Add($"</td><td>{check.Step}</td><td>{check.Expected}</td><td>{check.Seen}</td><td>{check.LookAt}</td></tr>\n");
        }

        page.Add($"</tbody></table></div>");
        LeftOut(page, result.Checks.Count - shown.Count);
    }

    private static void Plots(Html page, ScenarioResult result)
    {
        var byKey = result.Series.Where(s => s.Points.Count > 0).GroupBy(s => s.Key).ToDictionary(g => g.Key, g => g.ToList());
        var kinds = SeriesKind.All.Where(k => byKey.ContainsKey(k.Key)).Concat(byKey.Keys.Order(StringComparer.Ordinal).Select(SeriesKind.Of)).DistinctBy(k => k.Key).Take(24).ToList();
        var axis = new TimeAxis((long)result.Lasted.TotalMilliseconds);
        var marks = new Marks(result.Happenings, axis);
        Heading(page, "Course", "経過");
        page.Add($"<section class=\"plots\">");
        Lanes.Write(page, result.Happenings, axis);
        foreach (var kind in kinds)
        {
            Plot.Write(page, kind, byKey[kind.Key], axis, marks);
        }

        page.Add($"<div class=\"axis\"><div></div><div>");
        foreach (var tick in axis.Ticks)
        {
            page.Add($"<span style=\"left:{axis.At(tick) / TimeAxis.Width * 100}%\">{axis.Label(tick)}</span>");
        }

        page.Add($"</div></div><p class=\"note\">");
        page.Both(
            $"Time since the start, {axis.Unit.En}. Shaded: a fault is on. Dashed: an alert. A plot has {Plot.Stretches} stretches of time; each shows its lowest and its highest value.",
            $"横軸は開始からの時間({axis.Unit.Ja})。網かけは障害中、破線は検知。各グラフは {Plot.Stretches} 区間に分け、区間ごとの最小値と最大値を描く。");
        page.Add($"</p></section>\n");
    }

    private static void Findings(Html page, ScenarioResult result)
    {
        if (result.Alerts.Count > 0)
        {
            Heading(page, "Alerts", "検知");
            page.Add($"<div class=\"wide\"><table><thead><tr>");
            Columns(page, ("at", "時刻"), ("detector", "検知器"), ("ATT&CK", "ATT&CK"), ("about", "対象"), ("source", "送信元"), ("what", "内容"));
            foreach (var alert in result.Alerts.Take(MostRows))
            {
                page.Add($"<tr><td class=\"t\">{Clock(alert.AtMs)}</td><td>{alert.Detector}</td><td>{alert.Technique}</td><td class=\"t\">{alert.Indicator}</td><td>");
                page.Both(alert.SourceProven ? new("proven", "確認済み") : new("may be forged", "詐称の可能性"));
                page.Add($"</td>");
                page.Both("td", alert.Words, alert.WordsJa);
                page.Add($"</tr>\n");
            }

            page.Add($"</tbody></table></div>");
            LeftOut(page, result.Alerts.Count - MostRows);
        }

        if (result.Blocks.Count > 0)
        {
            Heading(page, "Blocked", "遮断");
            page.Add($"<div class=\"wide\"><table><thead><tr>");
            Columns(page, ("address", "アドレス"), ("decided by", "判断者"), ("decided at", "判断時刻"), ("first drop", "最初の破棄"), ("hits", "破棄数"));
            foreach (var block in result.Blocks.Take(MostRows))
            {
                page.Add($"<tr><td class=\"t\">{block.Address}</td><td>{block.DecidedBy}</td><td class=\"t\">{Clock(block.DecidedAtMs)}</td><td class=\"t\">{(block.FirstDropAtMs is { } at ? Clock(at) : "")}</td><td class=\"t\">{block.Hits}</td></tr>\n");
            }

            page.Add($"</tbody></table></div>");
            LeftOut(page, result.Blocks.Count - MostRows);
        }

        if (result.Traffic.Count > 0)
        {
            Heading(page, "Packets in and through", "通過パケット");
            page.Add($"<div class=\"wide\"><table class=\"figures\"><thead><tr>");
            Columns(page, ("which", "区分"), ("in", "送出"), ("through", "到達"));
            foreach (var figure in result.Traffic.Take(MostRows))
            {
                page.Add($"<tr><td>{figure.Part}</td><td class=\"n\">{figure.Injected}</td><td class=\"n\">{figure.Arrived}</td></tr>\n");
            }

            page.Add($"</tbody></table></div>");
        }
    }

    private static void TimeLine(Html page, ScenarioResult result)
    {
        if (result.Happenings.Count == 0)
        {
            return;
        }

        var gathered = Happening.Gather(result.Happenings).ToList();
        Heading(page, "Time line", "時系列");
        page.Add($"<details{(gathered.Count <= 40 ? " open" : "")}><summary>");
        page.Both($"{gathered.Count:N0} entries", $"{gathered.Count:N0} 件");
        page.Add($"</summary><div class=\"wide\"><table class=\"line\"><thead><tr>");
        Columns(page, ("at", "時刻"), ("kind", "種別"), ("who", "主体"), ("what", "内容"));
        foreach (var happening in gathered.Take(MostHappenings))
        {
            page.Add($"<tr><td class=\"t\">{Clock(happening.AtMs)}{(happening.UntilMs is { } until ? " – " + Clock(until) : "")}</td><td><span class=\"kind k-{Lanes.Of(happening.Kind).En}\">");
            page.Both(Lanes.Of(happening.Kind));
            page.Add($"</span></td><td>{happening.Source}</td>");
            page.Both("td", happening.Words, happening.WordsJa);
            page.Add($"</tr>\n");
        }

        page.Add($"</tbody></table></div>");
        LeftOut(page, gathered.Count - MostHappenings);
        page.Add($"</details>\n");
    }

    private static void Units(Html page, ScenarioResult result)
    {
        var table = UnitTable.Of(result);
        if (table.Rows.Count == 0)
        {
            return;
        }

        Heading(page, "Taps and gateways", "タップとゲートウェイ");
        page.Add($"<details{(table.Rows.Count <= FewUnits ? " open" : "")}><summary>");
        page.Both($"{table.Rows.Count:N0} units; each figure: at the end, and the highest", $"{table.Rows.Count:N0} 台。各値は終了時と最大");
        page.Add($"</summary><div class=\"wide\"><table class=\"figures\"><thead><tr>");
        Columns(page, [("unit", "装置"), .. table.Keys.Select(k => (SeriesKind.Of(k).Title.En, SeriesKind.Of(k).Title.Ja)), ("messages", "送信数"), ("SHA-256 of all it sent, its beginning", "全送信の SHA-256(先頭)")]);
        foreach (var row in table.Rows.Take(MostUnits))
        {
            page.Add($"<tr><td>{row.Unit}</td>");
            foreach (var cell in row.Cells)
            {
                page.Add($"<td class=\"n\">{cell}</td>");
            }

            page.Add($"<td class=\"n\">{row.Wire?.Messages.ToString("N0", CultureInfo.InvariantCulture)}</td><td class=\"hash\">{row.Wire?.Sha256[..Math.Min(16, row.Wire.Sha256.Length)]}</td></tr>\n");
        }

        page.Add($"</tbody></table></div>");
        LeftOut(page, table.Rows.Count - MostUnits);
        page.Add($"</details>\n");
    }

    private static Title WorldWords(ScenarioResult result) => result.Run.World switch
    {
        World.Emulated when result.WasStopped => new("emulated; stopped before its end", "エミュレーション(途中で停止)"),
        World.Emulated => new("emulated; the same seed gives the same result, byte for byte", "エミュレーション(同じシードなら結果は 1 バイトも違わない)"),
        World.Live => new("emulated taps in real time, on a real hub on this machine", "実時間のエミュレートされたタップと、このマシン上の実際のハブ"),
        _ => new("real programs on this machine", "実プログラム(このマシンの時計)"),
    };

    private static void Proof(Html page, ScenarioResult result)
    {
        var run = result.Run;
        Heading(page, "Run it again", "再現方法");
        page.Add($"<pre>{run.Repeat}</pre><p>");
        if (result.WasStopped)
        {
            page.Both("It was stopped before its end. No seed brings that moment again, so nothing of it can be compared.", "途中で停止されました。その時点は再現できないため、照合できません。");
        }
        else if (run.World == World.Emulated)
        {
            page.Both(
                "With the same software and inputs, result.json comes out identical, byte for byte: compare its SHA-256. What each sensor said is compared by the hashes above, which are whole in result.json.",
                "同じソフトウェアと入力なら result.json は 1 バイトも違わず再現されます。SHA-256 で照合してください。各センサーの送信内容は上のハッシュ(全桁は result.json)で照合できます。");
        }
        else
        {
            page.Both(
                "With the same software and inputs the same traffic goes in; times differ, as these are programs on a real machine.",
                "同じソフトウェアと入力なら同じ通信が流れます。実マシン上のプログラムのため、時刻は実行ごとに異なります。");
        }

        page.Add($"</p><div class=\"wide\"><table><tbody>");
        Words(page, run.Software, "software", "ソフトウェア");
        Words(page, run.Inputs, "input, SHA-256", "入力(SHA-256)");
        page.Add($"</tbody></table></div><p class=\"note\">");
        page.Both($"All figures are in result.json beside this file, what the run cost the machine in timing.json, logs in the folder {result.LogFolder}.", $"全データは同じフォルダーの result.json、実行コストは timing.json、ログは {result.LogFolder} にあります。");
        page.Add($"</p>");
    }

    private static void Words(Html page, IReadOnlyDictionary<string, string> words, string en, string ja)
    {
        foreach (var (name, value) in words.OrderBy(w => w.Key, StringComparer.Ordinal).Take(MostRows))
        {
            page.Add($"<tr><td class=\"dim\">");
            page.Both(en, ja);
            page.Add($"</td><td>{name}</td><td class=\"hash\">{value}</td></tr>\n");
        }
    }

    private static void Heading(Html page, string en, string ja) => page.Both("h2", en, ja);

    private static void Columns(Html page, params IReadOnlyList<(string En, string Ja)> titles)
    {
        foreach (var (en, ja) in titles)
        {
            page.Both("th", en, ja);
        }

        page.Add($"</tr></thead><tbody>\n");
    }

    private static void LeftOut(Html page, int more)
    {
        if (more > 0)
        {
            page.Add($"<p class=\"note\">");
            page.Both($"{more:N0} more are in result.json.", $"ほか {more:N0} 件は result.json にあります。");
            page.Add($"</p>");
        }
    }

    private static void Fact(Html page, string en, string ja, string words) => Fact(page, en, ja, new Title(words, words));

    private static void Fact(Html page, string en, string ja, Title words)
    {
        page.Add($"<div>");
        page.Both("dt", en, ja);
        page.Both("dd", words.En, words.Ja);
        page.Add($"</div>");
    }

    private static Title Verdict(ScenarioResult result) => result.Passed ? new("PASSED", "合格") : new("FAILED", "不合格");

    private static string Digits(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A moment since the start, to the millisecond.</summary>
    private static string Clock(long ms)
    {
        var time = TimeSpan.FromMilliseconds(Math.Abs(ms));
        var hours = (long)time.TotalHours;
        return string.Create(CultureInfo.InvariantCulture, $"{(ms < 0 ? "-" : "")}{(hours > 0 ? $"{hours}:" : "")}{time.Minutes:00}:{time.Seconds:00}.{time.Milliseconds:000}");
    }

    private static string Duration(TimeSpan time) =>
        time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.##} s");

    private static string StyleSheet()
    {
        using var sheet = new StreamReader(typeof(ReportPage).Assembly.GetManifestResourceStream("report.css")!);
        return sheet.ReadToEnd();
    }
}

using System.Text;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using EdgeSensors.FieldTest.Reporting;

namespace EdgeSensors.FieldTest.Tests.Reporting;

public class JUnitFileTests
{
    // What readers of the format agree on: Jenkins takes all of it, Ant's schema asks for no less.
    private const string Schema = """
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
          <xs:simpleType name="stamp"><xs:restriction base="xs:dateTime"><xs:pattern value="[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"/></xs:restriction></xs:simpleType>
          <xs:simpleType name="word"><xs:restriction base="xs:token"><xs:minLength value="1"/></xs:restriction></xs:simpleType>
          <xs:complexType name="problem"><xs:simpleContent><xs:extension base="xs:string">
            <xs:attribute name="message" type="xs:string"/><xs:attribute name="type" type="xs:string" use="required"/>
          </xs:extension></xs:simpleContent></xs:complexType>
          <xs:element name="testsuites"><xs:complexType><xs:sequence><xs:element name="testsuite" maxOccurs="unbounded"><xs:complexType>
            <xs:sequence>
              <xs:element name="properties"><xs:complexType><xs:sequence><xs:element name="property" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
                <xs:attribute name="name" type="word" use="required"/><xs:attribute name="value" type="xs:string" use="required"/>
              </xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
              <xs:element name="testcase" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
                <xs:choice minOccurs="0"><xs:element name="error" type="problem"/><xs:element name="failure" type="problem"/></xs:choice>
                <xs:attribute name="name" type="xs:token" use="required"/><xs:attribute name="classname" type="xs:token" use="required"/><xs:attribute name="time" type="xs:decimal" use="required"/>
              </xs:complexType></xs:element>
              <xs:element name="system-out" type="xs:string"/><xs:element name="system-err" type="xs:string"/>
            </xs:sequence>
            <xs:attribute name="name" type="word" use="required"/><xs:attribute name="timestamp" type="stamp" use="required"/>
            <xs:attribute name="hostname" type="word" use="required"/><xs:attribute name="tests" type="xs:int" use="required"/>
            <xs:attribute name="failures" type="xs:int" use="required"/><xs:attribute name="errors" type="xs:int" use="required"/>
            <xs:attribute name="time" type="xs:decimal" use="required"/><xs:attribute name="package" type="xs:token" use="required"/>
            <xs:attribute name="id" type="xs:int" use="required"/>
          </xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
        </xs:schema>
        """;

    [Fact]
    public void It_has_a_case_for_each_check()
    {
        var suite = Parse(SampleRun.Make(2, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10)));
        Assert.Equal(("2", "0", "0"), (suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value, suite.Attribute("errors")!.Value));
        Assert.Equal(2, suite.Elements("testcase").Count());
        Assert.Empty(suite.Descendants("failure"));
    }

    [Fact]
    public void A_failure_names_the_step_what_was_expected_what_was_seen_and_where_to_look()
    {
        var suite = Parse(SampleRun.Make(2, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), passes: false));
        Assert.Equal("1", suite.Attribute("failures")!.Value);
        Assert.Equal(
            "step: back\nexpected: every tap is on line again within 60 s\nseen: tap-002 after 94 s\nlook at: queue of tap-002; logs/hub.log\nagain: edgesensors-fieldtest run hub-away --seed 7",
            Assert.Single(suite.Descendants("failure")).Value);
    }

    [Fact]
    public void A_run_that_checked_nothing_is_an_error()
    {
        var suite = Parse(SampleRun.Make(1, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)) with { Checks = [] });
        Assert.Equal(("1", "1"), (suite.Attribute("tests")!.Value, suite.Attribute("errors")!.Value));
    }

    [Theory]
    [InlineData("]]></failure><testcase name='x'/>&lt;\"'")]
    [InlineData("\0\u0001\u000b\u001b[2J\ud800 \udc00\uffff\ufffe")]
    public void Hostile_words_stay_words(string hostile)
    {
        var suite = Parse(SampleRun.Make(2, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), passes: false, hostile));
        Assert.Equal(2, suite.Elements("testcase").Count());
        Assert.Contains(SafeText.Clean("look at: queue of tap-002; logs/hub.log" + hostile), Assert.Single(suite.Descendants("failure")).Value, StringComparison.Ordinal);
    }

    private static XElement Parse(ScenarioResult result)
    {
        var octets = JUnitFile.Encode(result, SampleRun.Timing);
        var document = XDocument.Parse(Encoding.UTF8.GetString(octets.Span));
        var schemas = new XmlSchemaSet();
        using var schema = XmlReader.Create(new StringReader(Schema));
        schemas.Add(null, schema);
        document.Validate(schemas, (_, problem) => Assert.Fail(problem.Message));
        return document.Root!.Element("testsuite")!;
    }
}

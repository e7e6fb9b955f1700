namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>The kinds of entries of the world <see cref="ScenarioWorld.Gateways"/>.</summary>
internal static class GatewayKinds
{
    private static readonly ScenarioWorld[] Gateways = [ScenarioWorld.Gateways];

    /// <summary>All of them.</summary>
    public static readonly StepKind[] All =
    [
        new(
            "agents", "agent", Gateways, "a real agent on a gateway of its own",
            new ScenarioKey("name", KeyKind.Word, "its name").Required(),
            new ScenarioKey("own", KeyKind.Prefixes, "the protected network").Required(),
            new ScenarioKey("input", KeyKind.Word, "whether it meters a link or takes a router's exports") { Among = ["live", "exports"], Default = "live" },
            new ScenarioKey("options", KeyKind.Options, "keys of `agent.yaml` and their values")),
    ];
}

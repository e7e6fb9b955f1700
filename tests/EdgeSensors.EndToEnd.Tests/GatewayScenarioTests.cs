namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Every scenario on real programs holds what it expects; what must hold is in the scenario.</summary>
public class GatewayScenarioTests
{
    [Fact]
    public Task A_reflected_flood_is_found_and_nobody_is_cut_off() => GatewayScenario.HoldsAsync("reflection");

    [Fact]
    public Task A_peering_router_s_exports_are_enough_to_find_who_attacks() => GatewayScenario.HoldsAsync("peering-point");

    [Fact]
    public Task Every_gateway_in_trouble_says_so_and_recovers_by_itself() => GatewayScenario.HoldsAsync("gateway-faults");

    [Fact]
    public Task A_hub_in_trouble_loses_nothing_that_it_acknowledged() => GatewayScenario.HoldsAsync("hub-faults");
}

/// <summary>The long one, beside the others.</summary>
public class MixedDayTests
{
    [Fact]
    public Task Three_attacks_are_found_in_a_day_of_traffic_and_nothing_else() => GatewayScenario.HoldsAsync("mixed-day");
}

using System.CommandLine;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>
/// <c>edgesensors-hub keys …</c>: whose signatures the hub's updates need, and how they are got. A change that needs offline keys becomes a request file; it is signed where the keys
/// are, by one person after another, and brought back.
/// </summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "Keys and offline signing: list, rotate, request, sign, apply.")
    {
        KeysListCommand.Create(),
        KeysNewCommand.Create(),
        KeysRequestCommand.Create(),
        KeysRotateCommand.Create(),
        KeysThresholdCommand.Create(),
        KeysDelegateCommand.Issuer(),
        KeysDelegateCommand.Operator(),
        KeysDelegateCommand.Delegate(),
        KeysDelegateCommand.Withdraw(),
        KeysShowCommand.Create(),
        KeysSignCommand.Create(),
        KeysApplyCommand.Create(),
    };
}

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>Looks at one side of the machine. Never throws for what it finds; it ends in bounded time.</summary>
internal interface ICheck
{
    /// <summary>Looks.</summary>
    Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken);
}

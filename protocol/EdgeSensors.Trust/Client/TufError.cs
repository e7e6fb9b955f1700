namespace EdgeSensors.Trust.Client;

/// <summary>Why an update was refused.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Role">The role whose metadata was at hand, or the target's name.</param>
/// <param name="Step">The step of TUF 1.0.34 §5 that failed, for example <c>5.4.3</c>.</param>
/// <param name="Message">What happened, for a person; holds nothing that the repository could use to break a terminal.</param>
public sealed record TufError(TufErrorKind Kind, string Role, string Step, string Message)
{
    /// <summary>One line.</summary>
    public override string ToString()
    {
        var text = $"{Role}: {Message} (TUF {Step}, {Kind})";
        return string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>Why a template file cannot be used.</summary>
public enum TemplateFileErrorKind
{
    /// <summary>There is no such file: a first start.</summary>
    NotFound,

    /// <summary>It cannot be read or written.</summary>
    AccessFailed,

    /// <summary>It is none, or is of another version.</summary>
    NotATemplateFile,

    /// <summary>Its content is not what was written: the digest does not fit, or an entry contradicts itself.</summary>
    Corrupt,
}

/// <summary>A typed error of the template file. Nothing is lost by it but time: exporters send their templates again.</summary>
/// <param name="Kind">What kind of error.</param>
/// <param name="Message">One line: what happened and what to do.</param>
public sealed record TemplateFileError(TemplateFileErrorKind Kind, string Message);

namespace EdgeSensors.Trust.Metadata;

/// <summary>Why bytes are not the metadata they should be.</summary>
internal enum MetadataFault
{
    Malformed,
    WrongType,
    UnsupportedSpecVersion,
    KeyIdMismatch,
    DuplicateSignature,
}

internal sealed record MetadataError(MetadataFault Fault, string Message);

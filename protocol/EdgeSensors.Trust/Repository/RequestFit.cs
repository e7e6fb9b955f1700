using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Trust.Repository;

/// <summary>Whether a request still follows what is published: what it was made from must be what is there.</summary>
internal static class RequestFit
{
    public static void Require(RepositoryState state, SigningRequest request)
    {
        var newest = request.Roots[^1];
        if (newest.Signed.Version > state.Root.Version || !newest.HasSamePayload(RepositoryState.LoadRoot(state.Metadata, newest.Signed.Version)))
        {
            throw new RequestRefusedException(RepositoryErrorKind.Refused, TopLevelRole.Root, "the request is for another repository");
        }

        if (IsPublished(state, request))
        {
            throw new RequestRefusedException(RepositoryErrorKind.Outdated, request.Roles[0], "all that the request brings is published already; nothing is left to do");
        }

        if (request.NextRoot is { } next && next.Signed.Version != state.Root.Version + 1)
        {
            throw Outdated(TopLevelRole.Root, state.Root.Version, next.Signed.Version);
        }

        foreach (var (role, metadata) in request.Next)
        {
            var published = role == TopLevelRole.Targets ? state.Targets.Version : state.FindSigned(role)?.Signed.Version ?? 0;
            if (metadata.Signed.Version != published + 1 || (published > 0 && !request.Before[role].HasSamePayload(state.FindSigned(role)!)))
            {
                throw Outdated(role, published, metadata.Signed.Version);
            }

            // Who delegates decides whose word a role's is: it may be another's now, without a new version of the role.
            var (then, now) = role == TopLevelRole.Targets
                ? (request.Present.Roles[role], state.Root.Roles[role])
                : (request.TreeBefore.Find(role)?.Role.Keys, state.Tree.Find(role)?.Role.Keys);
            if (then is null != now is null || (then is not null && (!then.HasSameKeys(now!) || then.Threshold != now!.Threshold)))
            {
                throw new RequestRefusedException(RepositoryErrorKind.Outdated, role, "its keys were changed since the request was made; make it anew");
            }
        }
    }

    private static bool IsPublished(RepositoryState state, SigningRequest request) =>
        (request.NextRoot is not { } root || (root.Signed.Version <= state.Root.Version && root.HasSamePayload(RepositoryState.LoadRoot(state.Metadata, root.Signed.Version))))
        && request.Next.All(next => state.FindSigned(next.Key) is { } published && next.Value.HasSamePayload(published));

    private static RequestRefusedException Outdated(string role, long published, long asked) => new(
        RepositoryErrorKind.Outdated, role, $"version {published} is published and the request brings version {asked}, made from another; make it anew");
}

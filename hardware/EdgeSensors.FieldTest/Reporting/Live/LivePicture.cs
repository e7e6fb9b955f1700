using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>A picture that is kept up to date on the terminal's second screen, so that what stood there before is there again when it ends.</summary>
internal static class LivePicture
{
    /// <summary>Whether there is somebody to draw for; everywhere else plain lines are written.</summary>
    public static bool IsThere(IAnsiConsole console) => console.Profile.Capabilities is { Ansi: true, Interactive: true, AlternateBuffer: true } && console.Profile.Out.IsTerminal;

    /// <summary>Draws until told that it is over. A terminal that goes away ends it too.</summary>
    /// <param name="console">The terminal.</param>
    /// <param name="draw">The picture for a number of columns and lines.</param>
    /// <param name="isOver">Waits a while and says whether it is over.</param>
    public static void Keep(IAnsiConsole console, Func<int, int, IRenderable> draw, Func<bool> isOver)
    {
        try
        {
            console.AlternateScreen(() => console.Live(new Text("")).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).Start(live =>
            {
                var size = (Width: 0, Height: 0);
                do
                {
                    var now = (console.Profile.Width, console.Profile.Height);
                    if (now != size)
                    {
                        size = now;
                        console.Clear(home: true); // a terminal that was made narrower has wrapped what stood there
                    }

                    live.UpdateTarget(draw(size.Width, size.Height));
                }
                while (!isOver());
            }));
        }
        catch (IOException)
        {
            // Nobody looks any more; what is looked at goes on.
        }
    }
}

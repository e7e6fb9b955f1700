using EdgeSensors.Hub.Store;

namespace EdgeSensors.Hub.Tests.Store;

public sealed class SchemaTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hub-schema-").FullName;

    private string Database => Path.Combine(_folder, "test.db");

    [Fact]
    public void An_older_store_is_brought_forward_and_keeps_what_it_holds()
    {
        using (var first = SqliteSchema.Open(Database, ["CREATE TABLE thing (name TEXT)"]))
        {
            SqliteSchema.Execute(first, "INSERT INTO thing VALUES ('kept')");
        }

        using var second = SqliteSchema.Open(Database, ["CREATE TABLE thing (name TEXT)", "ALTER TABLE thing ADD COLUMN size INTEGER DEFAULT 4"]);
        Assert.Equal("kept 4", SqliteSchema.Scalar(second, "SELECT name || ' ' || size FROM thing"));
        Assert.Equal(2L, SqliteSchema.Scalar(second, "PRAGMA user_version"));
    }

    [Fact]
    public void A_step_that_fails_leaves_the_version_before_it()
    {
        Assert.Throws<StoreException>(() => SqliteSchema.Open(Database, ["CREATE TABLE thing (name TEXT)", "CREATE TABLE other (a); NOT SQL"]));
        using var again = SqliteSchema.Open(Database, ["CREATE TABLE thing (name TEXT)"]);
        Assert.Equal(1L, SqliteSchema.Scalar(again, "PRAGMA user_version"));
        Assert.Equal(0L, SqliteSchema.Scalar(again, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'other'"));
    }

    [Fact]
    public void A_store_of_a_newer_program_is_refused()
    {
        SqliteSchema.Open(Database, ["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).Dispose();
        var refusal = Assert.Throws<StoreException>(() => SqliteSchema.Open(Database, ["CREATE TABLE a (x)"]));
        Assert.Contains("newer edgesensors-hub", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_in_one_line()
    {
        File.WriteAllText(Database, new string('x', 5000));
        var refusal = Assert.Throws<StoreException>(() => SqliteSchema.Open(Database, ["CREATE TABLE a (x)"]));
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void A_commit_is_synchronous_and_in_the_log()
    {
        using var connection = SqliteSchema.Open(Database, ["CREATE TABLE a (x)"]);
        Assert.Equal(2L, SqliteSchema.Scalar(connection, "PRAGMA synchronous"));
        Assert.Equal("wal", SqliteSchema.Scalar(connection, "PRAGMA journal_mode"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

export const API_DOCS = `# Users

## Tools

### query_users
Lists users by id. All arguments are optional.

| argument | type | meaning |
|---|---|---|
| role | admin, editor or viewer | only users of this role |
| active | boolean | only active users, or only those that are not |
| created_after | ISO 8601 date or time with offset | only users created after it |
| limit | integer, 20 unless given | users to return at most; more than 100 counts as 100 |
| offset | integer, 0 unless given | users to pass over |

Returns \`{ users, total, limit, offset }\`; \`total\` counts all users that pass the filters.

### create_user
Creates a user and returns it.

| argument | type | meaning |
|---|---|---|
| email | e-mail address, required | must not be in use; capitals make no difference |
| name | text, required | up to 200 characters |
| role | admin, editor or viewer | viewer unless given |

### change_user

Changes a user and returns it, with the version of its history. Give at least one of the fields.

| argument | type | meaning |
|---|---|---|
| id | integer, required | as query_users gives it |
| name | text | up to 200 characters |
| role | admin, editor or viewer | |
| active | boolean | |
| expected_version | integer | refuses the change when the user has changed since |

### user_history

Lists what happened to a user, and replays it: \`{ version, changes, replayed }\`.

| argument | type | meaning |
|---|---|---|
| id | integer, required | as query_users gives it |
| after | integer, 0 unless given | version of the last change that is known already |

## Resources
- \`schema://users\`: the columns of the table, from the live database
- \`user://{id}\`: one user
- \`docs://api\`: this page

## Prompts
- \`summarize_users\`, with an optional \`role\`: asks for a summary of the users as they are now
`;

import { TESTS_DIRECTORY } from './test-directories.ts'
/** `Dockerfile`, `Dockerfile.prod`, `web.Dockerfile`. */
const NAME =
  /(?:^|\/)(?:(?:Dockerfile|Containerfile)(?:[._-][\w.-]+)?|[\w.-]+\.(?:[Dd]ockerfile|[Cc]ontainerfile))$/
/** What a program fills in, what is kept, and what is about a Dockerfile. */
const OTHER =
  /\.(?:j2|jinja2?|tmpl?|tpl|template|in|erb|ejs|hbs|mustache|m4|sample|example|dist|orig|bak|old|save|md|txt|rst|py|js|ts|rb|go|sh|ya?ml|json|html|lock|dockerignore|gotmpl)$/i
/** Files that a test is about may be wrong, and those of a package are somebody else's. */
const OF_TESTS = new RegExp(
  String.raw`(?:^|/)(?:${TESTS_DIRECTORY}|testdata|testfiles[\w-]*|__tests__|specs?|fixtures?|testing|templates?|node_modules|vendor|third[-_]party)/`,
  'i',
)

/**
 * True for what Docker builds an image of, if the name says so.
 *
 * @param path below the directory that is audited
 */
export function isDockerfile(path: string): boolean {
  return NAME.test(path) && !OTHER.test(path) && !OF_TESTS.test(path)
}

/** True for a name of files that `docker compose` is given. */
export function isComposeFile(path: string): boolean {
  return COMPOSE_NAME.test(path) && !EXPECTED.test(path)
}

/** What a test of a program that writes such files compares its output with. */
const EXPECTED = /[.-](?:exp|expected|golden|snap)\.ya?ml$|\/__snapshots__\//
const COMPOSE_NAME = /(?:^|\/)\.?(?:docker-)?compose(?:[._-][\w.-]+|\d[\w.-]*)?\.ya?ml$/

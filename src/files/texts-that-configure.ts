import type { Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from './file-system.ts'

/** As what a repository keeps configuration, and what writes it. */
const CONFIGURES =
  /(?:^|\/)[^/.]+$|\.(?:conf|cnf|cfg|ini|inc|ngx|vhost|nginx|j2|jinja2?|erb|epp|tpl|tmpl|template|stpl|hbs|mustache|dist|example|sample|ya?ml|sh|bash|nix|tf|toml|service|py|rb|pp|go|js|ts|txt)$/i

const MOST = 2000

/** The texts in which a configuration may stand, or be written; null where there are too many to read. */
export function textsThatConfigure(files: FileSystem, paths: readonly string[]): readonly Source[] | null {
  const wanted = paths.filter(path => CONFIGURES.test(path))
  return wanted.length > MOST ? null : wanted.flatMap(path => sourceAt(files, path) ?? [])
}

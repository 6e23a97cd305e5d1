import { escapePattern } from '../text/escape-pattern.ts'

/**
 * The release of a gem as a Gemfile, or what Bundler has locked of it, says: of `~> 7.1.3` the 7 and the 1. Null where
 * none of them says it, or a range leaves it open.
 */
export function gemRelease(
  name: string,
  { lock, gemfile }: { readonly lock: string | null; readonly gemfile: string | null },
): readonly [major: number, minor: number] | null {
  const gem = escapePattern(name)
  const locked = lock === null ? null : new RegExp(`^ {4}${gem} \\((\\d+)\\.(\\d+)`, 'm').exec(lock)
  const written =
    locked ??
    new RegExp(
      String.raw`^\s*gem\s*\(?\s*["']${gem}["']\s*,\s*["'](?:=\s*|~>\s*(?=\d+\.\d+\.\d))?(\d+)\.(\d+)[\w.]*["']`,
      'm',
    ).exec(gemfile ?? '')
  return written === null ? null : [Number(written[1]), Number(written[2])]
}

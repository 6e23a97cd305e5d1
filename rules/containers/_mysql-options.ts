import type { ComposeService } from '../../parsers/compose/compose.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'

/**
 * Options that MySQL has no more; tags without a number move on, and so does `8`.
 * https://dev.mysql.com/doc/refman/8.4/en/added-deprecated-removed.html
 */
const OPTIONS_GONE = [
  {
    option: /^--default[-_]authentication[-_]plugin=/,
    images:
      /mysql(?:@|$|:(?:latest|lts|innovation|8|8\.[4-9][\w.-]*|9[\w.-]*|(?:8|9|lts|innovation)-[\w-]+)(?:@|$))/,
    since: '8.4',
    help: 'Leave it out; for clients that know the older way alone write `--mysql-native-password=ON`, which 8.4 has and 9 has not',
  },
  {
    option: /^--mysql[-_]native[-_]password(?:=|$)/,
    images: /mysql(?:@|$|:(?:latest|innovation|9[\w.-]*|innovation-[\w-]+)(?:@|$))/,
    since: '9.0',
    help: 'Leave it out, and use clients that know `caching_sha2_password`',
  },
] as const

/** What a service starts MySQL with, and its image does not know. */
export function* optionsGone({ command, image }: ComposeService): Iterable<RuleFinding> {
  if (image?.known !== true || image.at === null) return
  for (const word of command?.words ?? []) {
    const gone = OPTIONS_GONE.find(({ option, images }) => option.test(word.text) && images.test(image.value))
    if (gone === undefined) continue
    yield {
      at: placeOf(word),
      message: `MySQL has no such option since ${gone.since}, and ends: unknown variable '${word.text.replace(/^--/, '')}'`,
      label: 'no such option',
      related: [{ at: image.at, message: 'the image' }],
      help: gone.help,
    }
  }
}

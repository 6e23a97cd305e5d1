import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx, djangoBehindProxyPass } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingTexts } from './_setting-entries.ts'

const settings = (hosts: string): Record<string, string> =>
  djangoBehindProxyPass(
    conf`
      ALLOWED_HOSTS = ["127.0.0.1", ${hosts}]
    `,
    'ProxyPreserveHost On',
    { tls: false },
  )

export default defineRule({
  summary: 'An entry of ALLOWED_HOSTS is one that no host has',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django compares the name of the `Host` header, without its port, with the entries letter by letter. Names below one are meant by a dot in front, and `*` alone means all; `*.example.org`, a URL, a name with a port and one with a blank in front, as `split(",")` leaves it, match nothing, so those requests are answered with 400: `Invalid HTTP_HOST header`.',
  remedy: 'Write the name alone, or `.example.org` for it and all names below it',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts'],
  bad: [
    { title: 'a star before the dot', files: settings('«"*.example.org"»') },
    { title: 'a blank behind a comma', files: settings('«" example.org"»') },
    {
      title: 'a blank behind the comma of a variable',
      files: djangoBehindNginx({
        settings: conf`
          import os
          ALLOWED_HOSTS = «os.environ["HOSTS"].split(",")»
        `,
        environment: 'environment: { HOSTS: "example.org, www.example.org" }',
      }),
    },
    { title: 'a URL', files: settings('«"http://example.org"»') },
    { title: 'a port', files: settings('«"example.org:8000"»') },
  ],
  good: [
    {
      title: 'a variable of names, and a cast that takes blanks away',
      files: djangoBehindNginx({
        settings: conf`
          import os
          ALLOWED_HOSTS = [name.strip() for name in os.environ["HOSTS"].split(",")]
        `,
        environment: 'environment: { HOSTS: "example.org, www.example.org" }',
      }),
    },
    { title: 'names below one', files: settings('".example.org"') },
    { title: 'the name alone', files: settings('"example.org"') },
    { title: 'all, and an address', files: settings('"*", "[::1]"') },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const texts = settingTexts(settings, 'ALLOWED_HOSTS') ?? []
      // Where all are allowed, no entry has to match.
      if (texts.includes('*')) continue
      for (const [index, text] of texts.entries()) {
        const fault = text === null ? null : faultOf(text)
        const at = fault === null ? null : entryPlace(settings, 'ALLOWED_HOSTS', [index], 'value')
        if (fault === null || at === null) continue
        yield {
          at,
          message: `\`${text}\` matches no host: ${fault.why}`,
          label: 'matches nothing',
          help: `Write \`${fault.instead}\``,
        }
      }
    }
  },
})

function faultOf(text: string): { readonly why: string; readonly instead: string } | null {
  if (text.trim() !== text && text.trim() !== '')
    return { why: 'Django compares it with the blank around it', instead: text.trim() }
  const url = /^\w+:\/\/([^/:]+)/.exec(text)
  if (url !== null) return { why: 'Django compares names, and this is a URL', instead: url[1] ?? '' }
  if (/^\*\.[\w.-]+$/.test(text))
    return { why: 'names below one are meant by a dot in front', instead: text.slice(1) }
  const port = /^([\w.-]+):\d+$/.exec(text)
  return port === null ? null : { why: 'Django compares the name without its port', instead: port[1] ?? '' }
}

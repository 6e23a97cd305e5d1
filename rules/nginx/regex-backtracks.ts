import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

import { type Attack, backtracking } from '../../src/servers/pcre/backtracking.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { patternsOf } from './_patterns.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`

export default defineRule({
  summary: 'A regular expression that a client can keep busy',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [1333],
  since: '0.1.0',
  why: 'A repetition inside of a repetition can be gone through in two ways, so that each letter more of a URL that does not match doubles the work. PCRE gives up after ten million steps: the worker has done nothing else meanwhile, and answers 500.',
  remedy: 'Leave out the outer repetition, or make the inner one possessive: `(?:[a-z]++-?)+`',
  references: ['https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS'],
  bad: [
    {
      title: 'words with dashes',
      files: {
        'nginx.conf': site(conf`
          location ~ «^/(?:[a-z0-9]+-?)+\.html$» {
              expires 1d;
          }
        `),
      },
    },
    {
      title: 'a rewrite',
      files: { 'nginx.conf': site(conf`rewrite «^/((\w+/?)+)\.php$» /index.php?path=$1 last;`) },
    },
  ],
  good: [
    {
      title: 'the inner repetition gives nothing back',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/(?:[a-z0-9]++-?)+\.html$ {
              expires 1d;
          }
        `),
      },
    },
    {
      title: 'one repetition behind the other',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/([^/]+)/(.*)\.html$ {
              expires 1d;
          }
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      for (const { pattern, caseless, at } of patternsOf(configuration)) {
        const attack = exponential(pattern, caseless)
        if (attack === null) continue
        yield {
          at,
          message: `each further ${shown(attack.pump)} doubles the steps in which \`${pattern}\` fails to match \`${shownText(attack)}\``,
          label: 'a repetition in a repetition',
        }
      }
    }
  },
})

const known = new Map<string, Attack | null>()

/** A text that doubles the steps; null for a pattern without a repetition in a repetition, which costs no look at it. */
function exponential(pattern: string, caseless: boolean): Attack | null {
  if (!/[*+}][^()]*\)[*+{]|\)[*+?]*\)[*+{]/.test(pattern)) return null
  const key = `${caseless ? 'i' : ''}/${pattern}`
  let attack = known.get(key)
  if (attack === undefined) {
    const tree = readPattern(pattern, { caseless })
    const found = tree === null ? null : backtracking(tree)
    attack = found?.kind === 'exponential' ? found.attack : null
    known.set(key, attack)
  }
  return attack
}

function shown(text: string): string {
  return `\`${printable(text)}\``
}

function shownText({ prefix, pump, suffix }: Attack): string {
  return printable(prefix + pump.repeat(8) + suffix.slice(0, 1))
}

function printable(text: string): string {
  return text
    .replace(/[^!-~]/g, char => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('`', '%60')
}

import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { cacheValidLists } from './_cache-valid.ts'
import { cachedSite } from './_examples.ts'

export default defineRule({
  summary: 'How long a status is kept is said behind a line that decided it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx takes the first line that names the status of an answer, and `any` names them all: a line below it is never asked.',
  remedy: 'Write the line with `any` as the last one',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid'],
  bad: [
    {
      title: 'what is not there, for a second',
      files: cachedSite(['proxy_cache_valid any 5m;', 'proxy_cache_valid «404» 1s;']),
    },
    {
      title: 'the same status once more',
      files: cachedSite(['proxy_cache_valid 200 404 5m;', 'proxy_cache_valid «404» 1s;']),
    },
  ],
  good: [
    {
      title: '`any` comes last',
      files: cachedSite(['proxy_cache_valid 404 1s;', 'proxy_cache_valid any 5m;'], 'others'),
    },
    {
      title: 'some of its statuses are new',
      files: cachedSite(['proxy_cache_valid 200 5m;', 'proxy_cache_valid 200 404 1m;'], 'others'),
    },
    {
      title: 'the same time',
      files: cachedSite(['proxy_cache_valid any 5m;', 'proxy_cache_valid 404 5m;'], 'others'),
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      for (const lines of cacheValidLists(configuration)) {
        for (const [index, { line, statuses, time }] of lines.entries()) {
          const before = lines.slice(0, index)
          const deciding = statuses.map(status =>
            before.find(each => each.statuses.includes(status) || each.statuses.includes('any')),
          )
          const [first] = deciding
          if (first === undefined || !deciding.every(each => each !== undefined && each.time !== time))
            continue
          yield {
            at: {
              ...argumentPlace(line, 0),
              end: argumentPlace(line, Math.max(0, line.args.length - 2)).end,
            },
            message: `an earlier line says how long this is kept, ${first.time ?? first.line.args.at(-1)?.value}, so this one is never asked`,
            label: 'decided above',
            related: [{ at: argumentPlace(first.line, 0), message: 'the first that fits' }],
          }
        }
      }
    }
  },
})

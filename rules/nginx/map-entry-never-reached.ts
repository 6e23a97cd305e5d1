import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { type Expression, hides, MOST_COMPARED, samplesOf } from './_hidden-patterns.ts'

const nginx = (source: string, lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    map ${source} $answer {
        default none;
        ${lines}
    }
    ${nginxServer('return 200 $answer;')}
  `),
})

export default defineRule({
  summary: 'An entry of a `map` that an earlier regular expression takes everything from',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx tries the regular expressions of a `map` in the order in which they are written, and takes the first that matches, not the longest. An entry for a part of what an earlier one matches is never asked.',
  remedy: 'Write the narrower expression first',
  references: ['https://nginx.org/en/docs/http/ngx_http_map_module.html#map'],
  bad: [
    {
      title: 'a path below another one',
      files: nginx(
        '$uri',
        conf`
          ~^/shop/ shop;
          «~^/shop/basket» basket;
        `,
      ),
    },
    {
      title: 'a program whose name holds that of another',
      files: nginx(
        '$http_user_agent',
        conf`
          ~*bot robot;
          «~*examplebot» ours;
        `,
      ),
    },
    {
      title: 'a name of which the first expression takes the end',
      files: nginx(
        '$host',
        conf`
          ~\.example\.org$ any;
          «~^www\.example\.org$» www;
        `,
      ),
    },
    {
      title: 'one behind an expression for everything',
      files: nginx(
        '$request_uri',
        conf`
          ~.* any;
          «~^/api/» api;
        `,
      ),
    },
  ],
  good: [
    {
      title: 'the narrower one first',
      files: nginx(
        '$uri',
        conf`
          ~^/shop/basket basket;
          ~^/shop/ shop;
        `,
      ),
    },
    {
      title: 'the same answer, a plain text, and another case',
      files: nginx(
        '$uri',
        conf`
          ~^/shop/ shop;
          /shop/basket basket;
          ~^/shop/toys shop;
          ~*^/shop/Books books;
        `,
      ),
    },
    {
      title: 'paths that the first one leaves',
      files: nginx(
        '$uri',
        conf`
          ~^/shop/$ shop;
          ~^/shop/basket basket;
          ~^/(?!news) any;
          ~^/news news;
        `,
      ),
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const map of occurrences.get('map') ?? []) {
        const entries = map.children.filter(isExpression).slice(0, MOST_COMPARED)
        for (const [index, entry] of entries.entries()) {
          const later = expressionOf(entry)
          const samples = samplesOf(later)?.filter(text => text !== '') ?? null
          const first = entries.slice(0, index).find(each => hides(expressionOf(each), later, () => samples))
          if (first === undefined || samples === null || samples.length === 0) continue
          if (first.args[0]?.value === entry.args[0]?.value) continue
          yield {
            at: namePlace(entry),
            message: `\`${first.name}\` stands before it and matches every text that this one does, so ${first.args[0]?.value === '' ? 'the answer is empty' : `\`${first.args[0]?.value}\` is the answer`}`,
            label: 'never asked',
            related: [
              { at: namePlace(first), message: 'matches first' },
              { at: argumentPlace(map, 0), message: 'what is compared' },
            ],
          }
        }
      }
    }
  },
})

function isExpression({ name, args }: NginxDirective): boolean {
  return (
    name.startsWith('~') && args.length === 1 && !isUnknownWord(name) && !isUnknownWord(args[0]?.value ?? '')
  )
}

function expressionOf({ name }: NginxDirective): Expression {
  const caseless = name.startsWith('~*')
  return { pattern: name.slice(caseless ? 2 : 1), caseless }
}

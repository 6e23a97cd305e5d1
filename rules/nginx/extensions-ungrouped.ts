import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { compilePcre, toBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { patternsOf } from './_patterns.ts'

const nginx = (pattern: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      location ~* ${pattern} {
          expires 30d;
      }
    `),
  ),
})

export default defineRule({
  summary: 'Extensions behind a dot are alternatives of the whole expression',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`|` divides all of the expression, or all of the group that it stands in. `\\.js|css|png$` is `\\.js` anywhere, or `css` anywhere, or `png` at the end, so that the location answers `/css-course` and `/data.json` too; `/static/(.*\\.js|css)$` answers no style but `/static/css`.',
  remedy: 'Group the extensions behind the dot: `\\.(?:js|css|png)$`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
    'https://www.pcre.org/current/doc/html/pcre2pattern.html#SEC12',
  ],
  bad: [
    { title: 'without a group', files: nginx('«\\.js|css|png|ico$»') },
    { title: 'behind any path', files: nginx('«^/assets/.+\\.css|jpe?g$»') },
    { title: 'in a group with the path', files: nginx('«^/static/(.*\\.js|css|png|gif)$»') },
    {
      title: 'in a condition',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            if ($request_uri ~* «\.pdf|zip$») {
                return 403;
            }
          `),
        ),
      },
    },
  ],
  good: [
    { title: 'a group behind the dot', files: nginx('\\.(?:js|css|png|ico)$') },
    { title: 'a dot for each', files: nginx('\\.js$|\\.css$|/static/(.*\\.png|\\.gif)$') },
    { title: 'a group that begins with a dot', files: nginx('/static/.*(\\.js|css|png)$') },
    { title: 'words that are no extensions', files: nginx('^/(?:robots\\.txt|sitemap|feed)$') },
    { title: 'extensions of two parts', files: nginx('\\.(?:tar\\.gz|zip|iso)$') },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const { pattern, caseless, at } of patternsOf(configuration)) {
        const meant = grouped(pattern)
        const written = meant === null ? null : compilePcre(pattern, { caseless })
        const right = meant === null ? null : compilePcre(meant, { caseless })
        if (meant === null || written === null || right === null) continue
        const lost = sampleTexts(meant, { caseless, filler: 'page' }).texts.find(
          text => written.test(toBytes(text)) === false,
        )
        const taken = madeUp(pattern).find(
          text => written.test(toBytes(text)) === true && right.test(toBytes(text)) === false,
        )
        if (lost === undefined && taken === undefined) continue
        yield {
          at,
          message: `\`|\` divides all that stands before the dot, too: \`${lost ?? taken}\` ${lost === undefined ? 'matches' : 'does not match'}`,
          label: 'only the first extension is behind the dot',
          help: `Group the extensions: \`${meant}\``,
        }
      }
    }
  },
})

const EXTENSION =
  'jsx?|css|png|jpe\\?g|jpe?g|gif|icon?|svgz?|webp|avif|bmp|woff2?|woff2\\?|ttf|eot|otf|pdf|txt|xml|json|html?|html\\?|map|mp[34]|webm|ogg|swf|flv|zip|gz|rar|docx?|xlsx?|csv'
/** `\.js|css|png`, up to the end of the expression or of the group that more than the dot begins. */
const LIST = new RegExp(
  `^(.*?)((?:^|\\()[^|()]*|\\)[^|()]*)\\\\\\.((?:${EXTENSION})(?:\\|(?:${EXTENSION}))+)(\\$?)($|\\)\\$?$)`,
  'i',
)

/** The expression with the extensions in a group behind the dot; null for any other. */
function grouped(pattern: string): string | null {
  const [whole, before = '', text = '', extensions = '', end = '', close = ''] = LIST.exec(pattern) ?? []
  if (whole === undefined) return null
  // Inside of a group it has to be the one that is closed behind it, and to begin with more than the dot.
  const opened = text.startsWith('(') && text !== '('
  if (close === '' ? depth(before + text) !== 0 : !opened || depth(before + text) !== 1) return null
  return `${before}${text}\\.(?:${extensions})${end}${close}`
}

function depth(text: string): number {
  return [...text].reduce((open, letter) => open + Number(letter === '(') - Number(letter === ')'), 0)
}

/** Paths of pages whose names hold an extension without a dot. */
function madeUp(pattern: string): readonly string[] {
  const words = [...pattern.matchAll(/\|([a-z0-9?]+)/gi)].map(([, word = '']) => word.replace(/.\?/g, ''))
  return words.flatMap(word => [`/${word}-page`, `/my${word}`])
}

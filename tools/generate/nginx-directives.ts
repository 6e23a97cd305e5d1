import { readFileSync } from 'node:fs'
import { getDirectives } from '@nginx/reference-lib'

/** A file that the generators write: its path from the top of the repository, and its whole content. */
export interface GeneratedFile {
  readonly path: string
  readonly content: string
}

/**
 * The table of nginx's directives and variables as compact text, from `tools/facts/nginx-*.tsv` (what the
 * servers' own command tables say) and the defaults that nginx's reference gives.
 */
export function nginxDirectives(): GeneratedFile {
  const defaults = documentedDefaults()
  const directives = rows('nginx-directives.tsv').map(row => {
    const [name = '', module = '', contexts, args, block, value, words, once, since, until] = row
    const fallback = defaults.get(`${name} ${moduleKey(module)}`) ?? ''
    return [name, module, contexts, args, block, value, words, once, since, until, fallback].join('\t')
  })
  const variables = rows('nginx-variables.tsv').map(([name, program, , flags]) =>
    [name, program, flags].join('\t'),
  )
  const external = rows('nginx-external.tsv').map(([module, loads, names]) =>
    [module, loads, names].join('\t'),
  )
  const content = [
    '// Written by `npm run generate` from tools/facts/nginx-*.tsv and @nginx/reference-lib; edit those.',
    '',
    '/** name, module, contexts, arguments, block, value, words, once, since, until, default; tabs between. */',
    literal('NGINX_DIRECTIVES', directives),
    '',
    '/** variable, program, flags. */',
    literal('NGINX_VARIABLES', variables),
    '',
    '/** third-party module, what `load_module` calls it, its directives (`*` at either end matches the rest). */',
    literal('NGINX_EXTERNAL', external),
    '',
  ].join('\n')
  return { path: 'src/servers/nginx/directives.generated.ts', content }
}

function rows(file: string): readonly (readonly string[])[] {
  const text = readFileSync(new URL(`../facts/${file}`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'))
}

function literal(name: string, lines: readonly string[]): string {
  const text = lines.join('\n').replace(/[\\`]|\$\{/g, '\\$&')
  return `export const ${name} = \`${text}\``
}

/** The default of a directive by its name and module, where the reference names one. */
function documentedDefaults(): ReadonlyMap<string, string> {
  const defaults = new Map<string, string>()
  for (const directive of getDirectives()) {
    const text = directive.default.replace(/\s+/g, ' ').trim()
    if (text !== '' && text !== '—') defaults.set(`${directive.name} ${moduleKey(directive.module)}`, text)
  }
  return defaults
}

/** The reference leaves `_filter` out of module names and calls the core `Core functionality`. */
function moduleKey(module: string): string {
  return module.startsWith('ngx_http_') || module.startsWith('ngx_stream_') || module.startsWith('ngx_mail_')
    ? module.replace('_filter_', '_')
    : 'core'
}

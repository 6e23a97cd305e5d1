import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { brokenTags } from '../_broken-tags.ts'

export default defineRule({
  summary: 'A tag of a template lacks its beginning or its end',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  unproven: 'The server reads what an engine of templates makes of the file, which the test does not run',
  why: 'The engine gives such words as they are, and Apache takes them for arguments: `OIDCCacheDir scope["dir"] %>` has two, and is refused. Or the engine reads on to the end of the next tag and refuses the template.',
  remedy: 'Write both ends of the tag: `{{ name }}`, `<%= name %>`',
  references: [
    'https://jinja.palletsprojects.com/en/stable/templates/',
    'https://docs.ruby-lang.org/en/3.4/ERB.html',
  ],
  bad: [
    {
      title: 'a tag of ERB without its beginning',
      files: {
        'openidc.conf.erb': conf`
          <VirtualHost *:80>
              ServerName <%= @name %>
              <% if @cache_dir -%>
              OIDCCacheDir scope['openidc::cache_dir'] «%>»
              <% end -%>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a tag of Jinja with one brace',
      files: {
        'site.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ name }}
              DocumentRoot /srv/«{ name }}»/public
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'whole tags, a log format, a variable, and a comment',
      files: {
        'site.conf.erb': conf`
          LogFormat "%h %>s %b" short
          <VirtualHost *:80>
              ServerName <%= @name %>
              # ServerAlias @alias %>
              DocumentRoot \${ROOT}/<%= @name %>
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache: configurations }) {
    yield* brokenTags(configurations.flatMap(({ sources }) => sources))
  },
})

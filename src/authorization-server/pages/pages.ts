import { MIN_PASSWORD_LENGTH } from '../passwords.ts'
import { type Html, html, none } from './html.ts'
import type { Page } from './layout.ts'

/** What every form carries: where it is sent to and that it is ours. */
export interface FormPlace {
  readonly action: string
  /** Proves that the page it stands in was made by this server for this browser. */
  readonly token: string
}

interface Told {
  /** What went wrong with what was sent. */
  readonly problem?: string
}

/** The page on which a user signs in. */
export function signInPage(
  given: FormPlace & Told & { readonly name?: string; readonly client: string; readonly formTarget?: string },
): Page {
  const { action, token, problem, name = '', client } = given
  return {
    title: 'Sign in',
    status: problem === undefined ? 200 : 400,
    ...(given.formTarget === undefined ? {} : { formTarget: given.formTarget }),
    main: html`<h1>Sign in</h1>
<p>to continue with <strong>${client}</strong></p>
${tell(problem)}
<form method="post" action="${action}">
${hidden(token)}
<label for="name">User name</label>
<input id="name" name="name" value="${name}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="128" required${problem === undefined ? { html: ' autofocus' } : none}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required${describedBy(problem)}>
<button name="do" value="sign-in">Sign in</button>
<button class="other" name="do" value="cancel" formnovalidate>Cancel</button>
</form>
<p class="soft">Lost your password? Ask whoever runs this server for a new link. <a href="/oauth/password">Change your password</a></p>`,
  }
}

/** What is agreed on. */
export interface Asked {
  readonly user: string
  readonly client: string
  /** The host of its metadata document, or how else it is known. */
  readonly origin: string
  /** Whether nobody has checked its name. */
  readonly isUnverified: boolean
  /** Host and port that the code is sent to. */
  readonly redirectHost: string
  readonly isLoopback: boolean
  readonly scopes: readonly string[]
  /** Days for which it may go on without asking; `undefined` where it gets no refresh token. */
  readonly days?: number
}

/** The page on which a user agrees, or not. */
export function consentPage(given: FormPlace & Asked & { readonly formTarget: string }): Page {
  const { action, token, user, client, origin, redirectHost, scopes } = given
  return {
    title: `Allow ${client}?`,
    formTarget: given.formTarget,
    main: html`<h1>Allow ${client}?</h1>
<p>You are signed in as <strong>${user}</strong>. If you allow it, it can:</p>
<ul>${scopes.map((scope) => html`<li>${scope}</li>`)}</ul>
<dl>
<dt>Who asks</dt><dd>${client}<br><span class="soft">${origin}</span></dd>
<dt>Where the answer is sent</dt><dd><code>${redirectHost}</code>${given.isLoopback ? html`<br><span class="soft">This computer. Any program on it could be listening.</span>` : none}</dd>
<dt>For how long</dt><dd>${given.days === undefined ? 'Some minutes' : `Until you change your password or an administrator ends it, ${given.days} days at most`}</dd>
</dl>
${given.isUnverified ? html`<p class="bad">Nobody has checked that name. Allow it only if you have just started to connect this program yourself.</p>` : none}
<form method="post" action="${action}">
${hidden(token)}
<button name="do" value="allow">Allow</button>
<button class="other" name="do" value="deny">Deny</button>
<button class="other" name="do" value="switch">Use another account</button>
</form>`,
  }
}

/** The page that an invitation leads to. */
export function invitationPage(given: FormPlace & Told & { readonly name: string }): Page {
  const { action, token, problem, name } = given
  return {
    title: 'Choose a password',
    status: problem === undefined ? 200 : 400,
    main: html`<h1>Choose a password</h1>
<p>Your user name is <strong>${name}</strong>.</p>
${tell(problem)}
<form method="post" action="${action}">
${hidden(token)}
<input type="hidden" name="name" value="${name}" autocomplete="username">
${newPassword(problem)}
<button>Set the password</button>
</form>`,
  }
}

/** The page on which a user changes the password. */
export function passwordPage(given: FormPlace & Told & { readonly name?: string }): Page {
  const { action, token, problem, name = '' } = given
  return {
    title: 'Change your password',
    status: problem === undefined ? 200 : 400,
    main: html`<h1>Change your password</h1>
<p>All programs that use your account will have to ask again.</p>
${tell(problem)}
<form method="post" action="${action}">
${hidden(token)}
<label for="name">User name</label>
<input id="name" name="name" value="${name}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="128" required>
<label for="current">Current password</label>
<input id="current" name="current" type="password" autocomplete="current-password" maxlength="256" required>
${newPassword(problem)}
<button>Change the password</button>
</form>`,
  }
}

/** The page on which a user ends the session of the browser. */
export function signOutPage({ action, token }: FormPlace): Page {
  return {
    title: 'Sign out',
    main: html`<h1>Sign out?</h1>
<p>Programs that you have allowed go on; an administrator can end that.</p>
<form method="post" action="${action}">
${hidden(token)}
<button>Sign out</button>
</form>`,
  }
}

/** A page that only says something. */
export function messagePage(title: string, text: string, status = 200): Page {
  return { title, status, main: html`<h1>${title}</h1>\n<p>${text}</p>` }
}

function newPassword(problem: string | undefined): Html {
  return html`<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD_LENGTH}" maxlength="256" required aria-describedby="${problem === undefined ? 'rule' : 'rule problem'}">
<p class="soft" id="rule">${MIN_PASSWORD_LENGTH} characters or more. Several words are easier to remember than signs.</p>
<label for="again">New password, again</label>
<input id="again" name="again" type="password" autocomplete="new-password" maxlength="256" required>`
}

function tell(problem: string | undefined): Html {
  return problem === undefined ? none : html`<p class="bad" id="problem" role="alert">${problem}</p>`
}

function describedBy(problem: string | undefined): Html {
  return problem === undefined ? none : html` aria-describedby="problem"`
}

function hidden(token: string): Html {
  return html`<input type="hidden" name="token" value="${token}">`
}

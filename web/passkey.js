// Has a device make a passkey, or sign in with one, and sends what it says as a form. The words stand in the page.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const form = document.getElementById('passkey');
const problem = form.querySelector('[role=alert]');

// Both ways: the device asks who its user is, and the passkey can be found without a name.
const ways = {
  get: async ({ challenge, host }) => {
    const made = await navigator.credentials.get({
      publicKey: { challenge: new TextEncoder().encode(challenge), rpId: host, userVerification: 'required', timeout: 300000 },
    });
    const said = made.response;
    return {
      id: base64url(made.rawId),
      client: base64url(said.clientDataJSON),
      device: base64url(said.authenticatorData),
      signature: base64url(said.signature),
      handle: said.userHandle ? base64url(said.userHandle) : '',
    };
  },
  create: async ({ challenge, host, user, handle, there }) => {
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: new TextEncoder().encode(challenge),
        rp: { id: host, name: 'servanda' },
        user: { id: bytes(handle), name: user, displayName: user },
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
        attestation: 'none',
        excludeCredentials: there.split(' ').filter(Boolean).map((id) => ({ type: 'public-key', id: bytes(id) })),
        timeout: 300000,
      },
    });
    const said = made.response;
    return {
      id: base64url(made.rawId),
      client: base64url(said.clientDataJSON),
      device: base64url(said.getAuthenticatorData()),
      signature: '',
      handle,
    };
  },
};

if (window.PublicKeyCredential && navigator.credentials) {
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.hidden = true;
    const button = form.querySelector('button');
    button.disabled = true;
    try {
      const said = await ways[form.dataset.way](form.dataset);
      for (const [name, value] of Object.entries(said)) form.elements.namedItem(name).value = value;
      form.submit();
    } catch {
      button.disabled = false;
      problem.hidden = false;
      button.focus();
    }
  });
} else {
  // A page that is there for nothing else says why nothing happens.
  const alone = form.dataset.way === 'create';
  if (alone) {
    form.hidden = false;
    form.querySelector('button').disabled = true;
    problem.hidden = false;
  }
}

// Fills in name and code from behind the # of the address, which no browser sends, and takes them out of it again.
const [name, code] = location.hash.slice(1).split(':');
if (name && code) {
  document.getElementById('name').value = decodeURIComponent(name);
  document.getElementById('code').value = code;
  history.replaceState(null, '', location.pathname + location.search);
  document.getElementById('password').focus();
}

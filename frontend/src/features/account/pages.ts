/** The pages of one's account, loaded together when the first of them is wanted. */
export { PasswordPage } from "./PasswordPage";
export { RegisterPage } from "./RegisterPage";
export { SignInPage } from "./SignInPage";
